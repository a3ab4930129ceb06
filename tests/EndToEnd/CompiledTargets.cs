using System.Diagnostics;
using NUnit.Framework;

namespace SockConformance.Tests.EndToEnd;

/// <summary>Compiles the programs of tests/targets, once, before the first of these tests.</summary>
[SetUpFixture]
public sealed class CompiledTargets
{
    [OneTimeSetUp]
    public async Task Build()
    {
        using var build = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Machine.Targets, "build.sh")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(build.StandardOutput.ReadToEndAsync(), build.StandardError.ReadToEndAsync());
        await build.WaitForExitAsync();
        Assert.That(build.ExitCode, Is.Zero, string.Concat(output));
    }
}
