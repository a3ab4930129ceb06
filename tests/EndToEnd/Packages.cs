using System.Diagnostics;
using System.Runtime.InteropServices;
using NUnit.Framework;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.EndToEnd;

/// <summary>What is published can be installed and used: packed from this build into a folder, which is the only source that the installation knows.</summary>
public sealed class Packages
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Test]
    public async Task The_tool_can_be_installed_from_a_folder_and_checks_a_server()
    {
        using var place = new Workplace();
        var feed = Directory.CreateDirectory(Path.Combine(place.Root, "feed")).FullName;
        foreach (var project in (string[])["harness/SockConformance.csproj", "suites/sockconf.csproj"])
            await Dotnet(place, "pack", Path.Combine(Repository.Root, project), "-c", Configuration, "--no-build", "-v", "quiet", "-o", feed);
        var packages = Directory.EnumerateFiles(feed).Select(file => Path.GetFileName(file)!).ToList();
        Assert.That(packages, Has.Count.EqualTo(2).And.Some.StartsWith("sockconf.").And.Some.StartsWith("SockConformance."));
        var version = Path.GetFileNameWithoutExtension(packages.Single(name => name.StartsWith("sockconf.", StringComparison.Ordinal)))["sockconf.".Length..];
        var sources = place.Write("nuget.config", $"<configuration><packageSources><clear /><add key=\"here\" value=\"{feed}\" /></packageSources></configuration>");

        var tools = Path.Combine(place.Root, "tools");
        await Dotnet(place, "tool", "install", "sockconf", "--version", version, "--tool-path", tools, "--configfile", sources);
        var sockconf = Path.Combine(tools, "sockconf");
        Assert.That(await Run(place, sockconf, "--version"), Does.StartWith(version));
        Assert.That(await Run(place, sockconf, "list", "--spec", "echo"), Does.Contain("tcp/handshake/three-way"));
        var output = await Run(place, sockconf, "check", "--spec", "echo", "--filter", "tcp/handshake", "--", sockconf, "reference", "echo", "{port}");
        Assert.That(output, Does.StartWith($"sockconf {version}  seed ").And.Contain("1 pass"));

        // dnx is this command under another name.
        Assert.That(await Dotnet(place, "tool", "exec", $"sockconf@{version}", "--yes", "--configfile", sources, "--", "list", "--specs"), Does.Contain("echo-tls"));
        Assert.That(place.LeftProcesses(), Is.Empty);
    }

    private static Task<string> Dotnet(Workplace place, params IReadOnlyList<string> arguments) => Run(place, Path.Combine(Root, "dotnet"), arguments);

    private static string Root { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>What it printed; it must end with 0.</summary>
    private static async Task<string> Run(Workplace place, string program, params IReadOnlyList<string> arguments)
    {
        var description = new ProcessStartInfo(program, arguments) { WorkingDirectory = place.Work, RedirectStandardOutput = true, RedirectStandardError = true };
        description.Environment["TMPDIR"] = place.Scratch;
        description.Environment["DOTNET_ROOT"] = Root;
        foreach (var set in (string[])["DOTNET_NOLOGO", "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "MSBUILDDISABLENODEREUSE"]) description.Environment[set] = "1";
        if (arguments[0] == "tool") description.Environment["NUGET_PACKAGES"] = Path.Combine(place.Root, "packages"); // the user's own stays as it is
        using var process = Process.Start(description)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var overdue = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(overdue.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        var said = await output;
        Assert.That(process.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{said}\n{await errors}");
        return said;
    }
}
