using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>How much of a submission is taken in. What is beyond is left to a person.</summary>
/// <param name="Ratio">How many times larger than the archive what is in it may be, once that is more than a MiB.</param>
/// <param name="Depth">How deep folders may be nested.</param>
internal sealed record IntakeLimits(int Entries, long Bytes, long Archive, int Ratio, int Depth)
{
    public static IntakeLimits Usual { get; } = new(Entries: 5000, Bytes: 128 << 20, Archive: 64 << 20, Ratio: 200, Depth: 24);
}

/// <summary>A submission that is not taken in; the message says why in a few words.</summary>
internal sealed class IntakeException(string message) : Exception(message);

/// <summary>
/// The files of one submission on their way into a folder of ours, from a folder or an archive. Names are checked one by one; only regular files, folders
/// and links that stay inside get there, and links last, so that nothing is ever written through one.
/// </summary>
internal sealed class Intake(string folder, IntakeLimits limits) : IDisposable
{
    private const int MostName = 200, MostNotes = 20, Chunk = 64 * 1024;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<(string Path, string Target)> links = [];
    private readonly List<string> notes = [];
    private readonly byte[] buffer = new byte[Chunk];
    private int entries;
    private long bytes;

    /// <summary>What was left out, and why; the first few.</summary>
    public ImmutableArray<string> Notes => [.. notes];

    public long Bytes => bytes;

    /// <summary>A file of these bytes; what does not fit in the limits ends the intake.</summary>
    /// <exception cref="IntakeException">A limit is reached.</exception>
    public void File(string name, Stream content, bool executable)
    {
        if (Accepted(name) is not { } path) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var mode = (UnixFileMode)(executable ? 0x1ed : 0x1a4); // rwxr-xr-x, rw-r--r--
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = mode });
            Note($"file {name.Length} {name} {executable} ");
            int count;
            while ((count = content.Read(buffer)) > 0)
            {
                if ((bytes += count) > limits.Bytes) throw new IntakeException($"it has more than {limits.Bytes >> 20} MiB");
                file.Write(buffer, 0, count);
                hash.AppendData(buffer, 0, count);
            }

            Note($" {bytes}\n");
        }
        catch (IOException e) when (System.IO.File.Exists(path) || Directory.Exists(path) || System.IO.File.Exists(Path.GetDirectoryName(path)))
        {
            LeaveOut(name, e is { HResult: 17 } ? "the name is there twice" : "it cannot be read or written");
        }
    }

    public void Folder(string name)
    {
        if (Accepted(name) is not { } path) return;
        if (System.IO.File.Exists(path)) LeaveOut(name, "the name is there twice");
        else Directory.CreateDirectory(path);
    }

    /// <summary>A symbolic link; it is made when all files are there.</summary>
    public void Link(string name, string target)
    {
        if (Accepted(name) is not { } path) return;
        if (StaysInside(Parts(name).Length - 1, target)) links.Add((path, target));
        else LeaveOut(name, $"the link leads out of the submission, to {Printable.Line(target, 60)}");
    }

    /// <summary>Says that something is not taken over.</summary>
    public void LeaveOut(string name, string why)
    {
        if (notes.Count < MostNotes) notes.Add($"{Printable.Line(name, 80)} left out: {why}");
    }

    /// <summary>All is there; the hash of it.</summary>
    public string Finish()
    {
        foreach (var (path, target) in links.OrderBy(link => link.Path, StringComparer.Ordinal))
        {
            Note($"link {path[folder.Length..]} {target}\n");
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                System.IO.File.CreateSymbolicLink(path, target);
            }
            catch (IOException)
            {
                LeaveOut(path[(folder.Length + 1)..], "the name is there twice");
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose() => hash.Dispose();

    /// <summary>Whether a link in a folder so deep leads to somewhere below the top: steps up first, then down, as a step up behind a link may lead anywhere.</summary>
    internal static bool StaysInside(int depth, string target)
    {
        if (target.Length == 0 || target.Length > 1000 || target[0] == '/') return false;
        var parts = target.Split('/').Where(part => part is not ("" or ".")).ToList();
        var up = parts.TakeWhile(part => part == "..").Count();
        return up <= depth && !parts.Skip(up).Contains("..");
    }

    /// <summary>What is wrong with a name in an archive or folder; null for nothing.</summary>
    internal static string? WrongWith(string name, int depth)
    {
        var parts = Parts(name);
        return name.StartsWith('/') || (name.Length > 1 && name[1] == ':') ? "it is an absolute path"
            : parts.Contains("..") ? "its name leads out of the submission (..)"
            : parts.Length == 0 ? "it has no name"
            : parts.Length > depth ? $"it is nested more than {depth} folders deep"
            : parts.Any(part => Encoding.UTF8.GetByteCount(part) > MostName) ? $"its name has more than {MostName} bytes"
            : Printable.Line(name, 10_000) != name ? "its name has control or hidden characters"
            : null;
    }

    /// <summary>What tools and systems put beside a student's files: not worth a word.</summary>
    internal static bool IsJunk(string name) => Parts(name).Any(part => part is "__MACOSX" or ".DS_Store" or ".git" or ".svn" or "__pycache__" or "Thumbs.db" or ".idea" or ".vscode" || part.StartsWith("._", StringComparison.Ordinal));

    private string? Accepted(string name)
    {
        if (++entries > limits.Entries) throw new IntakeException($"it has more than {limits.Entries} files and folders");
        if (IsJunk(name)) return null;
        if (WrongWith(name, limits.Depth) is not { } wrong) return Path.Combine([folder, .. Parts(name)]);
        LeaveOut(name, wrong);
        return null;
    }

    private static string[] Parts(string name) => [.. name.Split('/').Where(part => part is not ("" or "."))];

    private void Note(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
}
