"""Addresses for those who keep the installation running."""

from django.urls import path

from upkeep import views

app_name = "upkeep"

urlpatterns = [
    path("metrics", views.metrics, name="metrics"),
    path("installation/", views.examination, name="examination"),
]
