namespace SockConformance.Spec;

/// <summary>The format: which keys a section has, and which words may stand where. docs/sockspec.schema.json says the same with types; a test compares them.</summary>
internal static class SpecKeys
{
    /// <summary>All sections; the file itself is the first.</summary>
    public static string[] Sections { get; } =
    [
        "spec", "transport", "launch", "ready", "stop", "tls", "framing", "direction", "line", "length_prefix", "fixed", "until_eof", "stream", "http",
        "dialogue", "rule", "when", "generate", "bytes", "reply", "hex", "lifecycle", "idle", "concurrency", "limits", "level",
    ];

    public static string[] Of(string section) => section switch
    {
        "spec" => ["sockspec", "name", "title", "extends", "transport", "launch", "tls", "framing", "dialogue", "lifecycle", "concurrency", "limits", "levels"],
        "transport" => ["type", "bind"],
        "launch" => ["command", "env", "ready", "within", "stop"],
        "ready" => ["tcp"],
        "stop" => ["signal", "within"],
        "tls" => ["mode", "min", "ca", "name", "close_notify"],
        "framing" => [.. Of("direction"), "http", "request", "reply"],
        "direction" => ["line", "length_prefix", "fixed", "until_eof", "stream"],
        "line" => ["terminator", "max", "unterminated_at_eof"],
        "length_prefix" => ["bytes", "endian", "counts", "max"],
        "fixed" => ["size"],
        "until_eof" => ["max"],
        "stream" or "http" => [],
        "dialogue" => ["greeting", "rules"],
        "rule" => ["when", "generate", "reply", "then"],
        "when" => ["any", "literal", "prefix", "regex", "malformed"],
        "generate" => ["bytes", "examples", "regex"],
        "bytes" => ["min", "max", "alphabet"],
        "reply" => ["transform", "literal", "regex", "none"],
        "hex" => ["hex"],
        "lifecycle" => ["half_close", "server_closes", "idle"],
        "idle" => ["must_survive"],
        "concurrency" => ["clients", "silent_client_must_not_block"],
        "limits" => ["request_max", "oversize"],
        "level" => ["level", "reason"],
        _ => RubricKeys.Of(section),
    };

    /// <summary>The places where one of a few words stands.</summary>
    public static string[] Choices { get; } =
    [
        "transport.type", "transport.bind", "stop.signal", "tls.mode", "tls.min", "tls.close_notify", "line.unterminated_at_eof", "length_prefix.bytes", "length_prefix.endian",
        "length_prefix.counts", "bytes.alphabet", "reply.transform", "rule.then", "lifecycle.half_close", "lifecycle.server_closes", "limits.oversize", "level.level",
    ];

    /// <summary>The words of such a place, in the order of the values of the model.</summary>
    public static string[] WordsOf(string choice) => choice switch
    {
        "transport.type" => ["tcp", "udp"],
        "transport.bind" => ["any", "loopback"],
        "stop.signal" => ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "KILL"],
        "tls.mode" => ["none", "implicit"],
        "tls.min" => ["1.2", "1.3"],
        "tls.close_notify" => ["required", "optional"],
        "line.unterminated_at_eof" => ["ignore", "reply", "close"],
        "length_prefix.bytes" => ["1", "2", "4", "8"],
        "length_prefix.endian" => ["big", "little"],
        "length_prefix.counts" => ["payload", "frame"],
        "bytes.alphabet" => ["any", "printable", "utf8"],
        "reply.transform" => ["same", "upper", "lower", "reverse"],
        "rule.then" => ["keep", "half-close", "close"],
        "lifecycle.half_close" => ["drain-then-close", "close-now"],
        "lifecycle.server_closes" => ["never", "after_reply"],
        "limits.oversize" => ["close", "error_reply", "truncate"],
        "level.level" => ["must", "should", "off"],
        _ => RubricKeys.WordsOf(choice),
    };
}
