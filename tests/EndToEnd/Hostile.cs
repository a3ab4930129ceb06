namespace SockConformance.Tests.EndToEnd;

/// <summary>The programs of tests/targets/hostile as commands.</summary>
internal static class Hostile
{
    /// <summary>Where it lies in the checkout.</summary>
    public static IReadOnlyList<string> Command(string name, params IReadOnlyList<string> arguments) => ["python3", Path.Combine(Machine.Targets, "hostile", $"{name}.py"), "{port}", .. arguments];

    /// <summary>From a copy in the workplace, for users who cannot read the checkout.</summary>
    public static IReadOnlyList<string> CopiedCommand(Workplace place, string name, params IReadOnlyList<string> arguments)
    {
        place.Copy(Path.Combine(Machine.Targets, "hostile", "echo.py"));
        return ["python3", place.Copy(Path.Combine(Machine.Targets, "hostile", $"{name}.py")), "{port}", .. arguments];
    }
}
