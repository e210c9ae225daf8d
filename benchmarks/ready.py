"""Makes Django ready in every process that imports this, before any model is imported."""

import django

django.setup()
