"""The source: nginx over files in memory, plain and with TLS, as S3 would answer."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.objects import Made
from bench.processes import FAR, free_port, running

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_certificate {certificate};
  ssl_certificate_key {certificate};
  ssl_protocols TLSv1.3;
  server {{
    listen {host}:{plain} backlog=1024;
    listen {host}:{tls} ssl backlog=1024;
    root {files};
    limit_rate {limit};
    location ~ ^(/source/[a-z]+)-[0-9]+$ {{ try_files $1 =404; }}
    location ~ ^/md5(/source/[a-z]+)-[0-9]+$ {{
      etag off;
      if_modified_since off;
      add_header ETag $md5;
      try_files $1 =404;
    }}
  }}
  server {{
    listen {host}:{md5} backlog=1024;
    location / {{
      proxy_pass http://{host}:{plain}/md5/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header If-Match "";
      proxy_set_header Range $http_range;
      proxy_max_temp_file_size 0;
      proxy_buffers 16 256k;
      proxy_buffer_size 256k;
      proxy_busy_buffers_size 1m;
    }}
  }}
  map $request_uri $md5 {{
    default '"none"';
{md5s}
  }}
}}
"""


@dataclass(frozen=True)
class Source:
    """A running nginx. An object NAME is there as NAME-1, NAME-2 and so on, too."""

    plain: str
    tls: str
    with_md5: str
    """Another origin, where the ETag is the MD5 of the object."""


@contextmanager
def source(
    folder: Path,
    files: Path,
    certificate: Path,
    objects: Sequence[Made],
    limit: str = "0",
    host: str = "127.0.0.1",
    inside: Sequence[str] = (),
) -> Iterator[Source]:
    """Serve these objects; `limit` is a rate per connection in nginx's words.

    `inside` is a command that runs another where `host` is.
    """
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise RuntimeError("nginx is missing: apt-get install nginx-light")
    plain, tls, md5 = free_port(), free_port(), free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            files=files,
            certificate=certificate,
            host=host,
            plain=plain,
            tls=tls,
            md5=md5,
            limit=limit,
            md5s="\n".join(f"    ~/{made.name}- '\"{made.md5}\"';" for made in objects),
        )
    )
    command = [*inside, program, "-c", str(configuration), "-p", str(folder)]
    with running(command, plain, FAR, host=host):
        yield Source(f"http://{host}:{plain}", f"https://{host}:{tls}", f"http://{host}:{md5}")
