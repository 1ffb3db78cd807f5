"""Routes of a server's files, below /api/servers/{id}."""

from django.urls import path

from servers.api.files.content import ContentViewSet
from servers.api.files.entries import FilesViewSet
from servers.api.files.properties import PropertiesViewSet
from servers.api.files.search import SearchViewSet
from servers.api.files.transfers import DownloadView, UploadView
from servers.api.files.uploads import UploadPiecesView, UploadsViewSet

urlpatterns = [
    path("/files", FilesViewSet.as_view({"get": "listing", "delete": "destroy"})),
    path("/files/create", FilesViewSet.as_view({"post": "create"})),
    path("/files/rename", FilesViewSet.as_view({"post": "rename"})),
    path("/files/move", FilesViewSet.as_view({"post": "move"})),
    path("/files/copy", FilesViewSet.as_view({"post": "copy"})),
    path("/files/content", ContentViewSet.as_view({"get": "retrieve", "post": "update"})),
    path("/files/upload", UploadView.as_view()),
    path("/files/download", DownloadView.as_view()),
    path("/files/extract", SearchViewSet.as_view({"post": "extract"})),
    path("/files/search", SearchViewSet.as_view({"get": "search"})),
    path("/files/tail", SearchViewSet.as_view({"get": "tail"})),
    path("/files/uploads", UploadsViewSet.as_view({"get": "listing", "post": "create"})),
    path("/files/uploads/<uuid:upload_id>", UploadPiecesView.as_view()),
    path(
        "/files/uploads/<uuid:upload_id>/finish",
        UploadsViewSet.as_view({"post": "finish"}),
    ),
    path("/properties", PropertiesViewSet.as_view({"get": "retrieve", "put": "update"})),
]
