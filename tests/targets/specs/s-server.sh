#!/bin/sh
# openssl s_server turns each line around: s-server.sh PORT CERTIFICATES KEY
exec openssl s_server -rev -quiet -accept "$1" -cert "$2" -cert_chain "$2" -key "$3"
