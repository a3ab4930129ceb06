using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using NUnit.Framework;
using SockConformance.Grade;
using SockConformance.Tests.Shared;

namespace SockConformance.Tests.Grade;

/// <summary>What students hand in is hostile until it is in our folder.</summary>
public sealed partial class IntakeTests : IDisposable
{
    private static readonly IntakeLimits Small = new(Entries: 20, Bytes: 4 << 20, Archive: 1 << 20, Ratio: 100, Depth: 4);
    private readonly TempFolder folder = new();

    private string Into => Directory.CreateDirectory(Path.Combine(folder.Path, "into")).FullName;

    [TearDown]
    public void Empty()
    {
        foreach (var entry in new DirectoryInfo(folder.Path).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo below) below.Delete(recursive: true);
            else entry.Delete();
        }
    }

    public void Dispose() => folder.Dispose();

    // ---- Layouts ----
    [Test]
    public void A_folder_in_a_folder_is_the_submission()
    {
        folder.File("ann/hw2/src/server.py", "x");
        folder.File("ann/.DS_Store", "x");
        folder.File("ann/__MACOSX/server.py", "x");
        var taken = Take("ann");
        Assert.That(Files(taken), Is.EqualTo(["server.py"]));
        Assert.That(taken.Notes, Is.Empty);
    }

    [Test]
    public void An_archive_in_a_folder_is_the_submission()
    {
        Zip("ann/hw2.zip", ("hw2/server.py", "x", 0), ("hw2\\lib\\util.py", "y", 0));
        Assert.That(Files(Take("ann")), Is.EqualTo(["lib/util.py", "server.py"]));
    }

    [Test]
    public void A_single_file_is_a_submission()
    {
        folder.File("ann.py", "x");
        Assert.That(Files(Take("ann.py")), Is.EqualTo(["ann.py"]));
    }

    [Test]
    public void Programs_stay_executable_and_others_do_not_become_so()
    {
        Zip("ann.zip", ("run.sh", "x", 0x81ed), ("server.py", "x", 0x81a4), ("odd", "x", 0x8fff));
        var taken = Take("ann.zip");
        Assert.That(Files(taken).Select(name => (name, (int)File.GetUnixFileMode(Path.Combine(taken.Root, name)))), Is.EqualTo([("odd", 0x1ed), ("run.sh", 0x1ed), ("server.py", 0x1a4)]), "no setuid, nothing for others to write");
    }

    [Test]
    public void The_hash_is_that_of_the_contents()
    {
        Zip("a.zip", ("server.py", "x", 0));
        Zip("b.zip", ("server.py", "y", 0));
        folder.File("c/server.py", "x");
        var hash = Take("a.zip").Hash;
        Assert.That(Take("c").Hash, Is.EqualTo(hash));
        Assert.That(Take("b.zip").Hash, Is.Not.EqualTo(hash));
    }

    // ---- Names and kinds that are left out ----
    [TestCase("../escaped.py")]
    [TestCase("a/../../escaped.py")]
    [TestCase("/tmp/escaped.py")]
    [TestCase("..\\escaped.py")]
    [TestCase("C:\\escaped.py")]
    [TestCase("a/b/c/d/e/escaped.py")]
    [TestCase("esc\x1b[2Japed.py")]
    [TestCase("\u202eyp.depacse.py")]
    [TestCase("new\nline.py")]
    public void A_bad_name_is_left_out_and_said(string name)
    {
        Zip("ann.zip", (name, "x", 0), ("server.py", "x", 0));
        var taken = Take("ann.zip");
        Assert.That(Files(taken), Is.EqualTo(["server.py"]));
        Assert.That(taken.Notes, Has.Length.EqualTo(1));
        Assert.That(taken.Notes[0], Does.Contain("left out").And.Not.Match("[\x00-\x1f\u202e]"));
        Assert.That(Directory.EnumerateFiles(Path.GetTempPath(), "*escaped.py"), Is.Empty);
    }

    [TestCase("/etc/passwd", false)]
    [TestCase("../../secret", false)]
    [TestCase("lib/../../../secret", false)]
    [TestCase("here/../../up", false, Description = "a step up behind a name that may be a link itself")]
    [TestCase("../server.py", true)]
    [TestCase("util.py", true)]
    [TestCase("", false)]
    public void A_link_is_kept_if_it_stays_inside(string target, bool stays)
    {
        Zip("ann.zip", ("server.py", "x", 0), ("lib/util.py", "x", 0), ("lib/link", target, 0xa1ff));
        var link = new FileInfo(Path.Combine(Take("ann.zip").Root, "lib", "link"));
        Assert.That(link.LinkTarget, Is.EqualTo(stays ? target : null));
    }

    [Test]
    public void Nothing_is_written_through_a_link()
    {
        Tar("ann.tar.gz", (TarEntryType.SymbolicLink, "lib", "."), (TarEntryType.RegularFile, "lib/server.py", "x"), (TarEntryType.RegularFile, "main.py", "y"));
        var taken = Take("ann.tar.gz");
        Assert.That(Files(taken), Is.EqualTo(["lib/server.py", "main.py"]));
        Assert.That(taken.Notes, Is.EqualTo(["lib left out: the name is there twice"]));
    }

    [Test]
    public void Only_regular_files_get_out_of_an_archive()
    {
        Tar("ann.tar.gz", (TarEntryType.Fifo, "fifo", ""), (TarEntryType.CharacterDevice, "zero", ""), (TarEntryType.HardLink, "hard", "/etc/passwd"), (TarEntryType.RegularFile, "server.py", "x"));
        var taken = Take("ann.tar.gz");
        Assert.That(Files(taken), Is.EqualTo(["server.py"]));
        Assert.That(taken.Notes, Has.Length.EqualTo(3));
    }

    [Test, CancelAfter(20_000)]
    public void A_fifo_in_a_folder_is_not_waited_for(CancellationToken cancellation)
    {
        folder.File("ann/server.py", "x");
        Assert.That(mkfifo(Path.Combine(folder.Path, "ann", "fifo"), 0x1b6), Is.Zero);
        var taken = Task.Run(() => Take("ann"), cancellation).WaitAsync(cancellation).GetAwaiter().GetResult();
        Assert.That(Files(taken), Is.EqualTo(["server.py"]));
        Assert.That(taken.Notes, Is.EqualTo(["fifo left out: it is no regular file, or may not be read"]));
    }

    [Test]
    public void The_first_of_two_with_one_name_is_taken()
    {
        Zip("ann.zip", ("server.py", "first", 0), ("server.py", "second", 0));
        var taken = Take("ann.zip");
        Assert.That(File.ReadAllText(Path.Combine(taken.Root, "server.py")), Is.EqualTo("first"));
        Assert.That(taken.Notes, Is.EqualTo(["server.py left out: the name is there twice"]));
    }

    // ---- Limits ----
    [Test]
    public void A_zip_bomb_is_refused_before_it_is_unpacked()
    {
        Zip("bomb.zip", ("zeros", new string('\0', 3 << 20), 0));
        Assert.That(Refusal("bomb.zip"), Does.Contain("more than 100 times its size"));
        Assert.That(new DirectoryInfo(Into).EnumerateFiles().Sum(file => file.Length), Is.LessThan(2 << 20));
    }

    [Test]
    public void So_is_a_tar_bomb()
    {
        Tar("bomb.tgz", (TarEntryType.RegularFile, "zeros", new string('\0', 3 << 20)));
        Assert.That(Refusal("bomb.tgz"), Does.Contain("more than 100 times its size"));
    }

    [Test]
    public void Too_many_entries_are_refused()
    {
        Zip("many.zip", [.. Enumerable.Range(0, 21).Select(n => ($"{n}", "x", 0))]);
        foreach (var n in Enumerable.Range(0, 21)) folder.File($"many/{n}", "x");
        Tar("many.tar", [.. Enumerable.Range(0, 21).Select(n => (TarEntryType.RegularFile, $"{n}", "x"))]);
        foreach (var name in (string[])["many.zip", "many", "many.tar"]) Assert.That(Refusal(name), Does.Contain("more than 20 files"), name);
    }

    [Test]
    public void Too_much_is_refused()
    {
        var noise = new byte[3 << 20];
        new Random(1).NextBytes(noise);
        Directory.CreateDirectory(Path.Combine(folder.Path, "much"));
        foreach (var name in (string[])["much.py", "much/a", "much/b"]) File.WriteAllBytes(Path.Combine(folder.Path, name), noise);
        Assert.That(Refusal("much"), Does.Contain("more than 4 MiB"));
        Assert.That(Refusal("much.py"), Does.Contain("at most 1 are read"));
    }

    [TestCase("x.zip", "PK\u0003\u0004 and no more")]
    [TestCase("x.zip", "")]
    [TestCase("x.tar.gz", "no gzip")]
    [TestCase("x.tar", "no tar at all, but longer than nothing")]
    [TestCase("x.rar", "Rar!")]
    public void What_cannot_be_read_is_refused_in_a_line(string name, string text)
    {
        folder.File(name, text);
        Assert.That(Refusal(name), Does.Not.Contain("\n").And.Not.Empty);
    }

    [Test]
    public void Every_truncation_of_an_archive_is_read_or_refused()
    {
        Zip("ann.zip", ("server.py", "x", 0), ("lib/link", "../server.py", 0xa1ff));
        Tar("ann.tar.gz", (TarEntryType.RegularFile, "server.py", "x"), (TarEntryType.Directory, "lib", ""));
        foreach (var name in (string[])["ann.zip", "ann.tar.gz"])
        {
            var whole = File.ReadAllBytes(Path.Combine(folder.Path, name));
            for (var length = 0; length < whole.Length; length += 3)
            {
                File.WriteAllBytes(Path.Combine(folder.Path, "cut" + name), whole[..length]);
                try
                {
                    Take("cut" + name);
                }
                catch (IntakeException)
                {
                    // Refused: that is as it should be, where any other exception is not.
                }
            }
        }
    }

    [Test]
    public void A_submission_that_is_a_link_is_not_followed()
    {
        File.CreateSymbolicLink(Path.Combine(folder.Path, "ann.py"), "/etc/passwd");
        Assert.That(Refusal("ann.py"), Does.Contain("symbolic link"));
    }

    private TakenIn Take(string name)
    {
        Directory.Delete(Into, recursive: true);
        return Sources.Take(Path.Combine(folder.Path, name), Into, Small);
    }

    private string Refusal(string name) => Assert.Throws<IntakeException>(() => Take(name))!.Message;

    private static IEnumerable<string> Files(TakenIn taken) =>
        Directory.EnumerateFiles(taken.Root, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(taken.Root, path)).Order(StringComparer.Ordinal);

    private void Zip(string name, params (string Name, string Text, int Mode)[] entries)
    {
        var path = folder.File(name, "");
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        foreach (var (entryName, text, mode) in entries)
        {
            var entry = archive.CreateEntry(entryName);
            entry.ExternalAttributes = mode << 16;
            using var content = entry.Open();
            content.Write(Encoding.UTF8.GetBytes(text));
        }
    }

    private void Tar(string name, params (TarEntryType Type, string Name, string Text)[] entries)
    {
        var path = folder.File(name, "");
        using Stream file = name.EndsWith(".tar", StringComparison.Ordinal) ? File.Create(path) : new GZipStream(File.Create(path), CompressionLevel.Optimal);
        using var archive = new TarWriter(file);
        foreach (var (type, entryName, text) in entries)
        {
            var entry = new PaxTarEntry(type, entryName);
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink) entry.LinkName = text;
            if (type == TarEntryType.RegularFile) entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text));
            archive.WriteEntry(entry);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
