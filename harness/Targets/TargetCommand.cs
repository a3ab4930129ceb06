using System.Collections.Immutable;

namespace SockConformance.Targets;

/// <summary>The target cannot be used: never ready, exited early, wrong port. The message is one line for the user.</summary>
internal sealed class TargetException(string message) : Exception(message)
{
    /// <summary>It will be no better next time: the whole run is in vain.</summary>
    public bool Final { get; init; }
}

/// <summary>The command of a target as the user typed it, with its placeholders.</summary>
/// <param name="Folder">The working directory, absolute.</param>
/// <param name="PassedVariables">Names of variables to pass on beside the allow-list, or NAME=VALUE.</param>
internal sealed record TargetCommand(ImmutableArray<string> Words, string Folder, ImmutableArray<string> PassedVariables)
{
    /// <summary>What a program needs to find its interpreter, libraries and language; nothing else of the user's environment is passed on.</summary>
    private static readonly ImmutableArray<string> Allowed =
    [
        "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "JAVA_HOME", "CLASSPATH", "DOTNET_ROOT", "GOROOT", "GOPATH", "NODE_PATH",
        "PYTHONPATH", "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV", "RUSTUP_HOME", "CARGO_HOME", "GEM_PATH", "PERL5LIB", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
    ];

    /// <summary>The files of its certificate; null where none are needed.</summary>
    public CertificateFiles? Certificates { get; init; }

    /// <summary>Files and folders that it must not see, absolute; a working folder inside one of them is seen all the same.</summary>
    public ImmutableArray<string> Hidden { get; init; } = [];

    /// <summary>Its working folder is this one, or inside of it.</summary>
    public bool IsWithin(string path) => Folder == path || Folder.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal);

    /// <summary>It asks for a certificate.</summary>
    public bool NeedsCertificates => Words.Any(word => word.Contains("{cert}", StringComparison.Ordinal) || word.Contains("{key}", StringComparison.Ordinal)) || NamesAuthority;

    /// <summary>It asks whom to trust.</summary>
    public bool NamesAuthority => Words.Any(word => word.Contains("{ca}", StringComparison.Ordinal));

    /// <summary>The words with {port}, {host}, {cert}, {key} and {ca} filled in.</summary>
    public IReadOnlyList<string> For(int port, string host) =>
    [
        .. from word in Words
           let filled = word.Replace("{port}", $"{port}", StringComparison.Ordinal).Replace("{host}", host, StringComparison.Ordinal)
           select Certificates is null ? filled
               : filled.Replace("{cert}", Certificates.Chain, StringComparison.Ordinal).Replace("{key}", Certificates.Key, StringComparison.Ordinal).Replace("{ca}", Certificates.Authority, StringComparison.Ordinal),
    ];

    public IReadOnlyDictionary<string, string> Environment(int port, string scratch)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PORT"] = $"{port}", ["HOME"] = scratch, ["TMPDIR"] = scratch, ["PYTHONDONTWRITEBYTECODE"] = "1" };
        foreach (var name in Allowed)
        {
            if (System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value) environment[name] = value;
        }

        // rustc finds its toolchain by the home folder, which is another one here.
        if (!environment.ContainsKey("RUSTUP_HOME") && Path.Combine(System.Environment.GetEnvironmentVariable("HOME") ?? "/", ".rustup") is var rustup && Directory.Exists(rustup)) environment["RUSTUP_HOME"] = rustup;

        foreach (var passed in PassedVariables)
        {
            var parts = passed.Split('=', 2);
            environment[parts[0]] = parts.Length == 2 ? parts[1] : System.Environment.GetEnvironmentVariable(parts[0]) ?? "";
        }

        return environment;
    }

    /// <exception cref="TargetException">There is no such program, or it may not be executed.</exception>
    public void MustExist()
    {
        var name = Words[0];
        if (name.Contains("{port}", StringComparison.Ordinal)) throw new TargetException("the command starts with {port}: the first word must be the program, for example -- python3 server.py {port}");
        if (!name.Contains('/', StringComparison.Ordinal))
        {
            var folders = (System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries);
            if (folders.Any(folder => IsExecutable(Path.Combine(folder, name)))) return;
            var hint = File.Exists(Path.Combine(Folder, name)) ? $"; for the file in this folder write ./{name}" : "";
            throw new TargetException($"there is no program '{name}' on the PATH{hint}");
        }

        var path = Path.Combine(Folder, name);
        if (Directory.Exists(path)) throw new TargetException($"'{name}' is a folder, not a program");
        if (!File.Exists(path)) throw new TargetException($"there is no program '{name}'");
        if (!IsExecutable(path)) throw new TargetException($"'{name}' may not be executed: chmod +x {name}, or put its interpreter before it");
    }

    /// <summary>What bubblewrap must be told so that files and folders are not seen: those inside of others are gone with them.</summary>
    internal static IEnumerable<string> Hiding(IReadOnlyCollection<string> hidden) =>
        from path in hidden
        where !hidden.Any(other => path != other && path.StartsWith(other.TrimEnd('/') + "/", StringComparison.Ordinal))
        from word in Directory.Exists(path) ? (string[])["--size", "1048576", "--tmpfs", path] : File.Exists(path) ? ["--ro-bind", "/dev/null", path] : []
        select word;

    public override string ToString() => string.Join(' ', Words.Select(word => word.Any(c => char.IsWhiteSpace(c) || c is '\'' or '"' or '$' or '*') || word.Length == 0 ? $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'" : word));

    private static bool IsExecutable(string path) =>
        File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
