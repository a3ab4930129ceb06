using System.Globalization;
using System.Text;

namespace SockConformance.Tests.EndToEnd;

/// <summary>A fresh folder for one test. Its name is in the environment or the arguments of everything started there, so that what is left of it can be found.</summary>
internal sealed class Workplace : IDisposable
{
    public const UnixFileMode Everybody = (UnixFileMode)0x1ff, Readable = (UnixFileMode)0x1ed;

    public Workplace()
    {
        Root = Directory.CreateTempSubdirectory("e2e-").FullName;
        foreach (var folder in (ReadOnlySpan<string>)[Root, Work, Scratch]) File.SetUnixFileMode(Directory.CreateDirectory(folder).FullName, Everybody);
    }

    public string Root { get; }

    /// <summary>The working folder.</summary>
    public string Work => Path.Combine(Root, "work");

    /// <summary>Where sockconf makes its temporary files.</summary>
    public string Scratch => Path.Combine(Root, "tmp");

    /// <summary>The report folder of <see cref="Sockconf.Check"/>.</summary>
    public string Report => Path.Combine(Root, "report");

    public string Mark => Path.GetFileName(Root);

    /// <summary>Writes a file that everybody may read and execute into the working folder.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Work, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, Readable);
        return path;
    }

    /// <summary>Copies a program into the working folder, where everybody may run it.</summary>
    public string Copy(string program)
    {
        var path = Path.Combine(Work, Path.GetFileName(program));
        File.Copy(program, path, overwrite: true);
        File.SetUnixFileMode(path, Readable);
        return path;
    }

    /// <summary>The temporary folders that sockconf has left.</summary>
    public IEnumerable<string> LeftFolders() => Directory.EnumerateFileSystemEntries(Scratch, "sockconf*");

    /// <summary>One line for each process that carries the mark: in its arguments, its environment or the name of its working folder.</summary>
    public IReadOnlyList<string> LeftProcesses()
    {
        var left = new List<string>();
        foreach (var entry in Directory.EnumerateDirectories("/proc").Where(entry => char.IsAsciiDigit(Path.GetFileName(entry)[0])))
        {
            var arguments = Read(Path.Combine(entry, "cmdline"));
            if (arguments.Length == 0) continue; // ended, or a thread of the kernel
            var carries = arguments.Contains(Mark, StringComparison.Ordinal) || Read(Path.Combine(entry, "environ")).Contains(Mark, StringComparison.Ordinal)
                || LinkOf(Path.Combine(entry, "cwd")).Contains(Mark, StringComparison.Ordinal);
            if (carries) left.Add($"{Path.GetFileName(entry)}: {arguments.Replace('\0', ' ')}");
        }

        return left;
    }

    /// <summary>Ends what a failed test has left, too.</summary>
    public void Dispose()
    {
        foreach (var process in LeftProcesses()) SockconfProcess.Send(int.Parse(process.Split(':')[0], CultureInfo.InvariantCulture), SockconfProcess.Kill);
        Directory.Delete(Root, recursive: true);
    }

    private static string Read(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
