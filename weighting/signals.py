"""What the weighting side announces; the index side listens."""

from django.dispatch import Signal

# Sent inside the transaction that freezes a version, with `version`.
weight_version_frozen = Signal()
