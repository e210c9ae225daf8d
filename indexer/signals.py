"""What the index side announces to itself: jobs are written with the act that causes them."""

from django.dispatch import Signal

# Sent inside the transaction that adds a data set, with `data_set` and the frozen `versions` that it is
# computed under, None for all of them.
data_set_added = Signal()
