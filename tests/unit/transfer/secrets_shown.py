"""Texts as libraries print them, each with a secret inside, and lines of a log without any.

Sources of the shapes: https://github.com/boto/botocore/issues/2626 (debug logs of botocore),
https://github.com/flyteorg/flyte-sdk/pull/1339 (presigned URLs in exceptions),
https://github.com/apache/airflow/pull/16601 (names that are no text),
https://github.com/Redocly/redocly-cli/pull/2998 (encoded once more),
https://github.com/alphaonedev/ai-memory-mcp/issues/3667 (what only looks like a user in a URL).
"""

CANARY = "canary5d1f%2F+=="
WORD = "canary5d1f0e9c8b7a"

IN_URLS = [
    f"https://b.s3.amazonaws.com/k?X-Amz-Signature={CANARY}&versionId=3",
    f"/k?x-amz-credential={CANARY}",
    f"?X-Amz-Security-Token={CANARY}",
    f"/k?AWSAccessKeyId={CANARY}&Expires=1",
    f"/k?Expires=1&Signature={CANARY}",
    f"https://storage.googleapis.com/b/o?GoogleAccessId={CANARY}&Expires=1",
    f"https://storage.googleapis.com/b/o?X-Goog-Credential={CANARY}&X-Goog-Date=1",
    f"?X-Goog-Date=1&x-goog-signature={CANARY}",
    f"PUT /upload/storage/v1/b/x/o?uploadType=resumable&upload_id={CANARY}",
    f"POST /processmessage?key={CANARY} HTTP/1.1",
    f"/?a=1&api_key={CANARY}",
    f"/?a=1;key={CANARY}",
    f"?access_token={CANARY}",
    f"/cb#id_token={CANARY}",
    f"?token={CANARY}",
    f"https://account.blob.core.windows.net/c?sv=1&sig={CANARY}",
    f"https://user:{WORD}@host.example/path",
    f"proxy http://{WORD}@10.0.0.1:3128 refused",
    f"/?url=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3D{CANARY}",
    f"/?url=https%3a%2f%2fb%2fk%3fx-amz-signature%3d{CANARY}",
    f"/?url=%2Fo%3Fa%3D1%26upload_id%3D{CANARY}",
    f"/?u=%252Fk%253Fkey%253D{WORD}%2526more%253D1",
    f"/?u=%25252Fk%25253FX-Amz-Signature%25253D{WORD}",
]
IN_HEADERS = [
    f"x-api-key: {CANARY}",
    f"x-api-key\r\n: {CANARY}",
    f"X-API-KEY:{CANARY}",
    f"x-goog-api-key: {CANARY}",
    f"Authorization: Bearer {CANARY}",
    f"Authorization:\r\n Bearer {CANARY}",
    (
        f"Authorization: AWS4-HMAC-SHA256 Credential={WORD}/20260101/eu-west-2/s3/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={WORD}"
    ),
    f"Authorization: AWS {WORD}:{WORD}",
    f'Authorization: Digest username="heron", realm="a", response="{WORD}"',
    f"Proxy-Authorization: Basic {CANARY}",
    f"x-amz-security-token: {CANARY}",
    f"x-amz-security-token:{CANARY}\nx-amz-date:1",
    f"x-amz-server-side-encryption-customer-key: {CANARY}",
    f"x-goog-encryption-key: {CANARY}",
    f"X-GUploader-UploadID: {CANARY}",
    f"Cookie: a=1; session={WORD}; b={WORD}",
    f"Set-Cookie: session={WORD}; Path=/; HttpOnly",
    f"Signature:\n{WORD}",
]
AS_SHOWN = [
    f"{{'x-api-key': '{CANARY}'}}",
    f"{{'x-api-key': ['{WORD}']}}",
    f'{{"access_token": "{CANARY}"}}',
    f"{{b'x-api-key': b'{CANARY}'}}",
    f'{{\\"x-api-key\\": \\"{CANARY}\\"}}',
    f'{{\\\\\\"x-api-key\\\\\\": \\\\\\"{WORD}\\\\\\"}}',
    f"[('X-Api-Key', '{CANARY}')]",
    f"('Authorization', 'Bearer {CANARY}')",
    f"{{'HTTP_X_API_KEY': '{CANARY}'}}",
    f"[('authorization', 'Bearer {CANARY}')]",
    f"[(b'authorization', b'Bearer {CANARY}')]",
    f"_Metadatum(key='authorization', value='Bearer {CANARY}')",
    f"{{'name': 'x-api-key', 'value': '{WORD}'}}",
    f"b'GET / HTTP/1.1\\r\\nx-api-key: {WORD}\\r\\n\\r\\n'",
    f'"GET / HTTP/1.1\\\\r\\\\nx-api-key: {WORD}\\\\r\\\\n"',
    f'{{"u":"https://x/?a=1\\u0026upload_id={WORD}"}}',
    f'{{"u":"https://x/?a=1\\u0026key={WORD}"}}',
    f"'/?a=1\\x26key={WORD}'",
    f"map[X-Api-Key:[{WORD}]]",
    f"x-api-key => {WORD}",
    f"x-api-key -> '{WORD}'",
    f"'SessionToken': '{WORD}'",
    f"ReadOnlyCredentials(access_key='{WORD}', secret_key='{WORD}', token='{WORD}')",
    f"aws_secret_access_key = {WORD}",
    f"environ({{'AWS_SESSION_TOKEN': '{WORD}'}})",
    f'"private_key": "-----BEGIN PRIVATE KEY-----\\n{WORD}\\n-----END PRIVATE KEY-----\\n"',
    f"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n{WORD}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\nMIIE\n{WORD}",
    f'"refresh_token": "1//{WORD}"',
    f'"client_secret": "{WORD}"',
    f"grant_type=x&assertion={WORD}",
    f"{{'password': 'correct {WORD} staple'}}",
    f"<AWSAccessKeyId>{WORD}</AWSAccessKeyId>",
    f"<SignatureProvided>{WORD}</SignatureProvided>",
    f"<Error><Code>ExpiredToken</Code><Token-0>{WORD}</Token-0></Error>",
    f"&lt;Token-0&gt;{WORD}&lt;/Token-0&gt;",
    f"&quot;x-api-key&quot;: &quot;{WORD}&quot;",
    f"<a href='/?a=1&amp;upload_id={WORD}'>",
    f"%7B%22x-api-key%22%3A%22{WORD}%22%7D",
]
BY_THEIR_LOOK = [
    f"AKIA{WORD.upper()}",
    f"AWS ASIA{WORD.upper()}:{WORD}",
    f"GOOG1E{WORD.upper()}",
    f"IQoJb3JpZ2luX2Vj{WORD * 3}",
    f"ya29.a0{WORD}",
    f"AIzaSy{WORD * 2}",
    f"eyJhbGciOiJSUzI1NiJ9.eyJ{WORD}.{WORD}",
    f"'a\\nASIA{WORD.upper()}\\n'",
    f"got bearer {WORD} from the metadata server",
]

ORDINARY = [
    "landed s3://pictures/a.txt for lambda in 0.123 s",
    "already-landed s3://pictures/2026/08/heron (1).jpg for lambda-eu in 1.002 s",
    "landed s3://pictures/keys/token/日本語.txt for lambda in 0.1 s",
    "SOURCE_UNAVAILABLE (503): The host's name cannot be resolved. (s3://pictures/a)",
    "API_KEY_INVALID: The key lambda expired. Number 3 since the start.",
    "API keys in force: lambda, backup",
    "URL_REFUSED (400): PresignedUrl's X-Amz-Expires is over 604800 seconds. (s3://b/k)",
    "SOURCE_REFUSED (422): SignatureDoesNotMatch. The URL's signature: sign it again.",
    "The topic is not usable: 403 Permission denied: see https://cloud.google.com/iam/docs",
    "[2026-08-11 09:30:15 +0000] [7] [INFO] Listening at: http://127.0.0.1:8080 (7)",
    "[2026-08-11 09:30:15 +0000] [9] [INFO] Booting worker with pid: 9",
    "mail heron@example.com or see https://example.com/a@b and s3://b/x@y",
    "peer https://peer.example:9077 refused the write of agent@host",
    "monkey=3",
    "?keys=3",
    "X-Amz-Expires=3600",
    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    'ETag: "9b2cf535f27731c974343645a3985328-3"',
    "the key lambda",
    "a key, or authorization, is missing",
    "send it in x-api-key, please",
    (
        "Traceback (most recent call last):\n"
        '  File "/srv/adapters/gcs_store.py", line 12, in stat\n'
        "    return self._api.get(name, token)\n"
        "           ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "ConnectionResetError: [Errno 104] Connection reset by peer"
    ),
]
