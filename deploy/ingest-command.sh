#!/bin/sh
# What an operator can do inside the ingest container, under the name that it has outside.
exec python -m pressroom_ingest "$@"
