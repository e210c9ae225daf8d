"""What the weighting side announces; the index side listens."""

from django.dispatch import Signal

# Sent inside the transaction that freezes a version, with `version`.
weight_version_frozen = Signal()

# Sent while a framework file is read, with its `rows`, their `outline` where they form a tree, and the `log`
# of problems that listeners add to.
framework_read = Signal()

# Sent inside the transaction that adds a framework, with `framework`, the `table`, the `actor`, and
# `came_from`: the framework that it was copied from, or None.
framework_added = Signal()

# Sent where the file of a `framework` is written for its staff: a listener answers the texts of the method's
# columns, by code.
framework_written = Signal()

# Sent where a file brings a tree that is there already, with its `framework`, the `table` and the `actor`: a
# listener answers whether it took something else of the file.
framework_met = Signal()
