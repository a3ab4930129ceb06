#!/bin/sh
# nginx with a configuration of its own, in the foreground, on the port it is given.
conf=${TMPDIR:-/tmp}/nginx-$1.conf
cat >"$conf" <<END
daemon off; master_process off; pid ${TMPDIR:-/tmp}/nginx-$1.pid; error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${TMPDIR:-/tmp}/nginx-body; proxy_temp_path ${TMPDIR:-/tmp}/nginx-proxy; fastcgi_temp_path ${TMPDIR:-/tmp}/nginx-fastcgi;
  uwsgi_temp_path ${TMPDIR:-/tmp}/nginx-uwsgi; scgi_temp_path ${TMPDIR:-/tmp}/nginx-scgi;
  server { listen $1; location / { root /usr/share/nginx/html; } }
}
END
exec nginx -c "$conf" -e stderr
