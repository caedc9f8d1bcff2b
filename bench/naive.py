"""A service as most people would write it: what Landfall is measured against.

It fetches, uploads and publishes with the libraries' defaults, and checks nothing.
"""

import os

import requests
from flask import Flask, request
from google.auth.credentials import AnonymousCredentials
from google.cloud import pubsub_v1, storage  # type: ignore[attr-defined]  # it has no types

app = Flask(__name__)


@app.post("/processmessage")
def process_message() -> dict[str, str]:
    message = request.get_json()["inputMessage"]
    with requests.get(message["PresignedUrl"], stream=True, timeout=60) as source:
        source.raise_for_status()
        client = storage.Client(project="p", credentials=AnonymousCredentials())
        blob = client.bucket("landing").blob(message["ObjectKey"])
        blob.upload_from_file(
            source.raw,
            size=int(source.headers["Content-Length"]),
            content_type=message["ContentType"],
        )
    if topic := os.environ.get("NOTIFICATION_TOPIC"):
        publisher = pubsub_v1.PublisherClient()
        publisher.publish(topic, b"{}", objectId=message["ObjectKey"]).result()
    return {"message": "landed"}
