# serves: echo-tls
# defect tls10-allowed: TLS 1.0 and 1.1 are spoken, because a setting from an old article "for old clients" was copied; trips: tls/version/no-tls10, tls/version/no-tls11
# defect tls11-allowed: TLS 1.1 is spoken, because its author took only SSL and TLS 1.0 for broken; trips: tls/version/no-tls11
# defect only-tls12: TLS 1.3 is not spoken, because maximum_version was set where minimum_version was meant; trips: tls/handshake/tls13
# defect only-tls13: TLS 1.2 is not spoken, because its author took the newest version for the only good one; trips: tls/handshake/tls12
# defect weak-ciphers: suites without encryption and without a certificate are agreed to, because "ALL" looked like a cure for "no shared cipher"; trips: tls/cipher/weak-refused
# defect no-certificate: every handshake fails, because the certificate is loaded into a context that nobody uses; trips: tls/handshake/answers, tls/handshake/tls12, tls/handshake/tls13
# defect other-name: the certificate is one for another host, because the paths of the last project are still in the program; trips: tls/certificate/name, tls/certificate/chain
# defect expired: the certificate ended years ago, because it is built into the program and nobody renews it; trips: tls/certificate/valid-now, tls/certificate/chain
# defect self-signed: the certificate is one that the program has brought along, because the clients of its author verify nothing; trips: tls/certificate/chain
# defect leaf-only: the certificates between its own and the root are not sent, because only the first block of the file is read; trips: tls/certificate/chain
# defect names-in-a-table: a client that asks for another name than localhost, or for none, gets handshake_failure, because the lookup of its certificate throws a KeyError; trips: tls/hello/unknown-name
import socket
import ssl
import sys
import tempfile
import threading
import warnings

port, chain, key, defect = sys.argv[1:]
END = "-----END CERTIFICATE-----\n"

OWN_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7fAVhBDriPWvwQM/
LSbvTCg1XHH/acVYfaljARtptfGhRANCAAT/lXN23CmAUaAEMQITbasYilkXWS4y
amzXBIjJeqKzTeyG3EEF6CskLzBgY0TogPKCMSGM2ax8mDF4lre8Rn3/
-----END PRIVATE KEY-----
"""

OWN = {
    "other-name": """\
-----BEGIN CERTIFICATE-----
MIIBWzCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA13cm9uZy5l
eGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYD
VQQDDA13cm9uZy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/5Vz
dtwpgFGgBDECE22rGIpZF1kuMmps1wSIyXqis03shtxBBegrJC8wYGNE6IDygjEh
jNmsfJgxeJa3vEZ9/6M7MDkwGAYDVR0RBBEwD4INd3JvbmcuZXhhbXBsZTAdBgNV
HQ4EFgQUrHazldpoFxmGCJPq7vnbJOCETI0wCgYIKoZIzj0EAwIDRwAwRAIgT95G
pZXknwESOA0U6KlGl1Ogzp/XozyPz1/HFeCHyHICID1SsEn5u4E+mxm5a17EJxd6
VFMwVAhCNzihVx5xnU75
-----END CERTIFICATE-----
""",
    "expired": """\
-----BEGIN CERTIFICATE-----
MIIBZzCCAQygAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT/lXN23CmAUaAEMQIT
basYilkXWS4yamzXBIjJeqKzTeyG3EEF6CskLzBgY0TogPKCMSGM2ax8mDF4lre8
Rn3/o08wTTAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAA
AAAAAAEwHQYDVR0OBBYEFKx2s5XaaBcZhgiT6u752yTghEyNMAoGCCqGSM49BAMC
A0kAMEYCIQDf1hVZ4MQTgE1suxVtJEA1NnFqLZVXcXiTuLwhGnbT4AIhAJb5ND2b
7E5ZOSuwVrtZjnnZtrw4U1VNh06zJtkoG+1S
-----END CERTIFICATE-----
""",
    "self-signed": """\
-----BEGIN CERTIFICATE-----
MIIBaDCCAQ6gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP+Vc3bcKYBRoAQx
AhNtqxiKWRdZLjJqbNcEiMl6orNN7IbcQQXoKyQvMGBjROiA8oIxIYzZrHyYMXiW
t7xGff+jTzBNMCwGA1UdEQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAA
AAAAAAAAATAdBgNVHQ4EFgQUrHazldpoFxmGCJPq7vnbJOCETI0wCgYIKoZIzj0E
AwIDSAAwRQIgdggh/QbQJegR8Yxc24rwE389hKBsXvpYycxkqgku8G8CIQDeHmdu
0/t09P1P6ZG1WyvHIecktieEIwZNFFD5BmEaGg==
-----END CERTIFICATE-----
""",
}


def load(context, chain, key):
    with tempfile.NamedTemporaryFile("w") as c, tempfile.NamedTemporaryFile("w") as k:
        for file, text in (c, chain), (k, key):
            file.write(text)
            file.flush()
        context.load_cert_chain(c.name, k.name)


def settings():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = {
        "tls10-allowed": ssl.TLSVersion.TLSv1,
        "tls11-allowed": ssl.TLSVersion.TLSv1_1,
        "only-tls13": ssl.TLSVersion.TLSv1_3,
    }.get(defect, ssl.TLSVersion.TLSv1_2)
    if defect == "only-tls12":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if defect in ("tls10-allowed", "tls11-allowed"):
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if defect == "weak-ciphers":
        context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    with open(chain) as c, open(key) as k:
        certificates, secret = c.read(), k.read()
    if defect in OWN:
        certificates, secret = OWN[defect], OWN_KEY
    if defect == "leaf-only":
        certificates = certificates[:certificates.index(END) + len(END)]
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if defect == "names-in-a-table":
        contexts = {"localhost": context}
        context.sni_callback = lambda conn, name, _: setattr(conn, "context", contexts[name])
    load(unused if defect == "no-certificate" else context, certificates, secret)
    return context


def serve(conn):
    try:
        with context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False) as conn:
            conn.do_handshake()
            while data := conn.recv(65536):
                conn.sendall(data)
            conn.unwrap()
    except OSError:
        pass  # no handshake, a broken record, reset by the client


warnings.simplefilter("ignore", DeprecationWarning)  # the library warns of what is done here
context = settings()
with socket.create_server(("0.0.0.0", int(port)), backlog=128) as listener:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            continue
        threading.Thread(target=serve, args=(conn,), daemon=True).start()
