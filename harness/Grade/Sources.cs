using System.Buffers;
using System.Collections.Immutable;
using System.Formats.Tar;
using System.IO.Compression;
using SockConformance.Report;

namespace SockConformance.Grade;

/// <summary>A submission in a folder of ours.</summary>
/// <param name="Root">The folder with the program: that in which its files are, if they lie deeper than they need.</param>
/// <param name="Hash">Of names, rights and bytes.</param>
/// <param name="Notes">What was left out of it, and why.</param>
internal sealed record TakenIn(string Root, string Hash, ImmutableArray<string> Notes);

/// <summary>Reads what students handed in: a folder, a zip, a tar with or without gzip, or a single file. All of it is hostile until it is in our folder.</summary>
internal static class Sources
{
    private const int Regular = 0x8000, SymbolicLink = 0xa000, FormatMask = 0xf000, ExecuteBits = 0x49, MostLinkTarget = 4096;
    private static readonly string[] TarEndings = [".tar", ".tar.gz", ".tgz"];
    private static readonly byte[] CentralEntry = [0x50, 0x4b, 0x01, 0x02];

    /// <param name="into">A folder that is there and empty.</param>
    /// <exception cref="IntakeException">It is not taken in: too large, or nothing that can be read.</exception>
    public static TakenIn Take(string source, string into, IntakeLimits limits)
    {
        try
        {
            var taken = TakeInto(source, into, limits);
            var root = RootOf(into);
            if (Directory.GetFileSystemEntries(root) is not [var only] || Directory.Exists(only) || !IsArchive(only)) return taken with { Root = root };

            // A folder around an archive, as some platforms make it: the archive is the submission.
            var inner = Directory.CreateDirectory(Path.Combine(into, ".unpacked")).FullName;
            var unpacked = TakeInto(only, inner, limits);
            return new TakenIn(RootOf(inner), taken.Hash, [.. taken.Notes, .. unpacked.Notes]);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException or ArgumentException or NotSupportedException or OverflowException or UnauthorizedAccessException)
        {
            throw new IntakeException($"it cannot be read: {Printable.Line(e.Message, 200)}");
        }
    }

    internal static bool IsArchive(string path) => IsZip(path) || IsTar(path);

    private static bool IsZip(string path) => path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);

    private static bool IsTar(string path) => TarEndings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static TakenIn TakeInto(string source, string into, IntakeLimits limits)
    {
        using var intake = new Intake(into, limits);
        var info = new FileInfo(source);
        if (info.LinkTarget is not null) throw new IntakeException("it is a symbolic link, and not a submission");
        if (Directory.Exists(source)) Folder(source, "", intake, limits);
        else
        {
            using var file = OpenRegular(source) ?? throw new IntakeException("it is no regular file, or may not be read");
            if (file.Length > limits.Archive) throw new IntakeException($"it has {file.Length >> 20} MiB; at most {limits.Archive >> 20} are read");
            if (IsZip(source)) Zip(file, intake, limits);
            else if (IsTar(source)) Tar(file, source.EndsWith(".tar", StringComparison.OrdinalIgnoreCase), intake, limits);
            else if (source.EndsWith(".rar", StringComparison.OrdinalIgnoreCase) || source.EndsWith(".7z", StringComparison.OrdinalIgnoreCase) || source.EndsWith(".xz", StringComparison.OrdinalIgnoreCase))
                throw new IntakeException($"{Path.GetExtension(source)} is not read; make a zip or a tar.gz of it");
            else intake.File(info.Name, file, IsExecutable(source));
        }

        return new TakenIn(into, intake.Finish(), intake.Notes);
    }

    private static void Folder(string folder, string above, Intake intake, IntakeLimits limits)
    {
        // By name, so that its hash is the same wherever it lies. A folder of a million files is given up while it is listed.
        var entries = new List<FileSystemInfo>();
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            entries.Add(entry);
            if (entries.Count > limits.Entries) throw new IntakeException($"it has more than {limits.Entries} files in one folder");
        }

        foreach (var entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var name = above + entry.Name;
            if (Intake.IsJunk(name)) continue;
            if (entry.LinkTarget is { } target) intake.Link(name, target);
            else if (entry is DirectoryInfo)
            {
                intake.Folder(name);
                if (Intake.WrongWith(name, limits.Depth) is null) Folder(entry.FullName, name + "/", intake, limits);
            }
            else
            {
                using var file = OpenRegular(entry.FullName);
                if (file is null) intake.LeaveOut(name, "it is no regular file, or may not be read");
                else intake.File(name, file, IsExecutable(entry.FullName));
            }
        }
    }

    private static void Zip(FileStream file, Intake intake, IntakeLimits limits)
    {
        // The library reads the whole list of entries at once: an archive with a million of them is refused before.
        if (CountEntries(file, limits.Entries) > limits.Entries) throw new IntakeException($"it has more than {limits.Entries} files and folders");
        using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        foreach (var entry in archive.Entries)
        {
            var (name, mode) = (entry.FullName.Replace('\\', '/'), entry.ExternalAttributes >> 16);
            if (name.EndsWith('/')) intake.Folder(name);
            else if (entry.IsEncrypted) throw new IntakeException("it is protected by a password");
            else if ((mode & FormatMask) == SymbolicLink && entry.Length <= MostLinkTarget)
            {
                using var target = new StreamReader(entry.Open());
                intake.Link(name, target.ReadToEnd());
            }
            else if ((mode & FormatMask) is not (0 or Regular)) intake.LeaveOut(name, "it is no regular file");
            else
            {
                using var content = new Unpacked(entry.Open(), file.Length, intake, limits);
                intake.File(name, content, (mode & ExecuteBits) != 0);
            }
        }
    }

    private static void Tar(FileStream file, bool plain, Intake intake, IntakeLimits limits)
    {
        using var unpacked = new Unpacked(plain ? file : new GZipStream(file, CompressionMode.Decompress, leaveOpen: true), file.Length, intake, limits);
        using var archive = new TarReader(unpacked, leaveOpen: true);
        while (archive.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    intake.File(entry.Name, entry.DataStream ?? Stream.Null, ((int)entry.Mode & ExecuteBits) != 0);
                    break;
                case TarEntryType.Directory:
                    if (entry.Name.Trim('.', '/').Length > 0) intake.Folder(entry.Name);
                    break;
                case TarEntryType.SymbolicLink:
                    intake.Link(entry.Name, entry.LinkName);
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    intake.LeaveOut(entry.Name, "it is no regular file");
                    break;
            }
        }
    }

    /// <summary>How many times the mark of an entry stands in a zip, up to a little more than asked.</summary>
    private static int CountEntries(FileStream file, int most)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        try
        {
            var (count, kept) = (0, 0);
            for (int read; count <= most && (read = file.Read(buffer, kept, buffer.Length - kept)) > 0;)
            {
                var part = buffer.AsSpan(0, kept + read);
                for (int at; (at = part.IndexOf(CentralEntry)) >= 0; part = part[(at + 4)..]) count++;
                kept = Math.Min(3, part.Length);
                part[^kept..].CopyTo(buffer);
            }

            file.Position = 0;
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>While a folder holds one folder and nothing else, that one.</summary>
    private static string RootOf(string folder)
    {
        for (var level = 0; level < 8 && Directory.GetFileSystemEntries(folder) is [var only] && Directory.Exists(only) && new DirectoryInfo(only).LinkTarget is null; level++) folder = only;
        return folder;
    }

    private static bool IsExecutable(string path) => ((int)File.GetUnixFileMode(path) & ExecuteBits) != 0;

    /// <summary>Null for what is no regular file, or may not be read.</summary>
    private static FileStream? OpenRegular(string path)
    {
        try
        {
            return InputFile.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What comes out of an archive: ended when it is out of all proportion.</summary>
    private sealed class Unpacked(Stream inner, long packed, Intake intake, IntakeLimits limits) : Stream
    {
        private long total;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => total; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = inner.Read(buffer);
            total += count;
            var seen = Math.Max(total, intake.Bytes);
            if (seen > limits.Bytes + (limits.Bytes / 8)) throw new IntakeException($"it unpacks to more than {limits.Bytes >> 20} MiB");
            if (seen > 1 << 20 && seen / limits.Ratio > packed) throw new IntakeException($"it unpacks to more than {limits.Ratio} times its size");
            return count;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
