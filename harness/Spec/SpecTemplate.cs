namespace SockConformance.Spec;

/// <summary>A spec to start from: every key with its default and a line about it.</summary>
internal static class SpecTemplate
{
    /// <param name="name">Of the service; letters, digits, - and _.</param>
    public static string Text(string name) => $$"""
        # yaml-language-server: $schema=sockspec.schema.json
        # What a service is, for: sockconf check --spec THIS-FILE -- COMMAND {port}
        # Every key may be left out; what stands here without a # is its default. The format is explained in docs/specs.md.
        # For completion in an editor, put docs/sockspec.schema.json beside this file.
        sockspec: 1                      # the version of this format
        name: {{name}}                   # in reports; left out: the name of the file
        title: ""                        # one line about the service
        # extends: echo                  # take what is not said here from a built-in spec (sockconf list --specs) or from a file beside this one

        transport:
          type: tcp                      # tcp | udp
          bind: any                      # any: other addresses than loopback are fine; loopback: only there

        launch:                          # used if no command is given after --
          command: []                    # its words: ["python3", "server.py", "{port}"]; also {host}, {cert}, {key}, {ca}
          env: {}                        # variables: { NAME: value }
          ready: { tcp: true }           # it is ready when it listens
          within: 10s                    # it must be ready by then; times are written 500ms, 2s, 1m
          stop:
            signal: TERM                 # TERM | INT | HUP | QUIT | USR1 | USR2 | KILL
            within: 3s                   # it must have ended by then

        tls:
          mode: none                     # none | implicit: TLS from the first byte
          min: "1.2"                     # 1.2 | 1.3
          # ca: ca.pem                   # who signed the certificate, in PEM, beside this file; left out: the harness makes one for {cert} and {key}
          name: localhost                # the name that the certificate must be for
          close_notify: required         # required | optional: an alert before the end

        framing:                         # where a message ends; one of these for both directions, or request: … and reply: …
          stream: {}                     # nowhere: every byte counts for itself
          # line: { terminator: "\n", max: 64KiB, unterminated_at_eof: ignore }              # ignore | reply | close: a last line without its end
          # length_prefix: { bytes: 4, endian: big, counts: payload, max: 64KiB }            # 1, 2, 4 or 8 bytes; big | little; payload | frame
          # fixed: { size: 512 }         # records; sizes are written 512, 4KiB, 1MiB
          # until_eof: { max: 1MiB }     # one message, which the end of the connection ends

        dialogue:
          greeting: { none: true }       # what the server says before it is asked: literal: "…", regex: '…' or none
          rules: []                      # what it answers; the first rule that matches a message counts
          # rules:                       # (literals and examples stand without terminator and length; bytes can also be written { hex: "0D0A" })
          #   - when: { any: true }      # or literal: "…", prefix: "…", regex: '…', malformed: true (what is no message, or matches no rule)
          #     generate:                # where messages come from; left out: from the condition
          #       bytes: { min: 0, max: 512, alphabet: any }    # any | printable | utf8; or examples: ["…", "…"], or regex: '…'
          #     reply: { none: true }    # or transform: same | upper | lower | reverse, literal: "…", regex: '…'
          #     then: keep               # keep | half-close | close

        lifecycle:
          half_close: drain-then-close   # drain-then-close | close-now: when the client has ended its side
          server_closes: never           # never | after_reply
          idle: { must_survive: 2s }     # a silent connection lives at least so long

        concurrency:
          clients: 50                    # served at the same time
          silent_client_must_not_block: true    # of the others; false where clients is 1

        limits:
          # request_max: 64KiB           # the longest request, if the server takes less than the framing allows
          oversize: close                # close | error_reply | truncate: what becomes of a longer one

        levels: {}                       # other levels: { tcp/close/no-reset: should }, or with { level: off, reason: "…" }; ids: sockconf list

        """;
}
