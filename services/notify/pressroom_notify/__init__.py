"""Notify: readers' subscriptions, and one mail to each of them for each article that they follow."""
