"""Addresses for those who keep the installation running."""

from django.urls import path

from upkeep.views import disk, examination, jobs, metrics

app_name = "upkeep"

urlpatterns = [
    path("metrics", metrics.metrics, name="metrics"),
    path("installation/", examination.examination, name="examination"),
    path("installation/jobs/", jobs.jobs, name="jobs"),
    path("installation/jobs/act/", jobs.jobs_act, name="jobs-act"),
    path("installation/disk/", disk.disk, name="disk"),
    path("installation/disk/prune/", disk.disk_prune, name="disk-prune"),
]
