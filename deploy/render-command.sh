#!/bin/sh
# What an operator can do inside a render container, under the name that it has outside: `pressroom site check`.
exec python -m pressroom_render "$@"
