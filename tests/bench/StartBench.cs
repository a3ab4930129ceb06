using System.Diagnostics;
using System.Globalization;

namespace SockConformance.Bench;

/// <summary>How long the program takes to start, in turns with the smallest .NET program there is.</summary>
internal static class StartBench
{
    private const int Rounds = 21;

    public static int Run()
    {
        var folder = Directory.CreateTempSubdirectory("bench-").FullName;
        try
        {
            var hello = Hello(folder);
            var rows = new (string Name, string Program, string[] Arguments)[]
            {
                ("dotnet hello.dll", "dotnet", [hello]),
                ("sockconf --help", BuiltProgram.Path, ["--help"]),
                ("sockconf list", BuiltProgram.Path, ["list"]),
                ("sockconf list --spec echo", BuiltProgram.Path, ["list", "--spec", "echo"]),
                ("sockconf explain", BuiltProgram.Path, ["explain", "tcp/close/no-reset"]),
            };
            var times = rows.Select(_ => new List<double>()).ToList();
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (index, row) in rows.Index()) times[index].Add(Time(row.Program, row.Arguments));
            }

            Console.WriteLine($"start to end, {Rounds} rounds in turns, milliseconds: median (least–most)");
            foreach (var (index, row) in rows.Index())
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {row.Name,-28} {times[index].Order().ElementAt(Rounds / 2),6:0}  ({times[index].Min():0}–{times[index].Max():0})"));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Time(string program, string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return watch.Elapsed.TotalMilliseconds;
    }

    private static string Hello(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "hello.csproj"), "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup></Project>");
        File.WriteAllText(Path.Combine(folder, "hello.cs"), "System.Console.WriteLine(\"hello\");");
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", "-c", "Release", "-v", "quiet", "-o", Path.Combine(folder, "out"), folder]))!;
        build.WaitForExit();
        return Path.Combine(folder, "out", "hello.dll");
    }
}
