"""Addresses of the index side."""

app_name = "indexer"

urlpatterns: list = []
