namespace SockConformance.Bench;

/// <summary>The program as a release build leaves it, in native code: what users run.</summary>
internal static class BuiltProgram
{
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(AppContext.BaseDirectory, "../../../../../suites/bin/sockconf/sockconf"));
}
