using SockConformance.Model;

namespace SockConformance.Spec;

/// <summary>The built-in specs, and the specs in files.</summary>
/// <param name="names">Of the built-in ones, in the order of lists.</param>
/// <param name="text">The text of a built-in one.</param>
public sealed class SpecShelf(IReadOnlyList<string> names, Func<string, string> text)
{
    private const int MostLinks = 40;

    public IReadOnlyList<string> Names => names;

    /// <summary>The built-in specs with a line about each; cheaper than to find them all.</summary>
    public IEnumerable<(string Name, string Title)> Titles => names.Select(name => (name, YamlTree.Parse(text(name), name) is YamlNode.Map map && map["title"] is YamlNode.Scalar title ? title.Text : ""));

    /// <summary>A built-in spec by its name, or one in a file by its path.</summary>
    /// <exception cref="SpecException">There is none, or it cannot be used.</exception>
    public ServiceSpec Find(string nameOrPath)
    {
        if (names.Contains(nameOrPath, StringComparer.Ordinal)) return SpecReader.Read(text(nameOrPath), nameOrPath, BuiltIn, names);
        if (nameOrPath.Length == 0 || !Path.Exists(nameOrPath)) throw new SpecException($"there is no spec {SpecException.Show(nameOrPath)}, neither built in nor as a file; built in: {string.Join(", ", names)}; to write one: sockconf init{Words.Nearest(nameOrPath, names)}");
        // A file's name has a dot or a slash, so that it cannot be taken for a built-in one.
        var path = SpecReader.IsBuiltIn(nameOrPath) ? $"./{nameOrPath}" : nameOrPath;
        var from = path;
        return SpecReader.Read(TextOf(path), path, Open, names);

        string? Open(string name)
        {
            if (SpecReader.IsBuiltIn(name)) return BuiltIn(name);
            if (!File.Exists(name)) return null;
            var (folder, real) = (Real(Path.GetDirectoryName(from) is { Length: > 0 } beside ? beside : "."), Real(name));
            if (!real.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal)) throw new SpecException($"{name}: a link leads out of the folder of {from}, which extends it; put a copy of the file there");
            from = name;
            return TextOf(name);
        }
    }

    /// <summary>The text of a built-in spec; null if there is none of this name.</summary>
    public string? BuiltIn(string name) => names.Contains(name, StringComparer.Ordinal) ? text(name) : null;

    private static string TextOf(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw new SpecException($"{path}: this is a folder; write the name of a spec in it");
            // What has no size is no ordinary file either: a pipe would be waited for.
            if (new FileInfo(path).Length is var size && size == 0) throw new SpecException($"{path}: the file is empty; its first line is sockspec: 1, and sockconf init writes one to start from");
            if (size > YamlTree.MostBytes + 3) throw new SpecException($"{path}: the file has {size} bytes, and a spec at most {YamlTree.MostBytes}; make it smaller, or put a part into a file that it extends");
            return YamlTree.Decode(InputFile.ReadBytes(path, YamlTree.MostBytes + 3), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SpecException($"{path}: it cannot be read ({SpecException.Show(e.Message).Trim('\'')}); look at its rights");
        }
    }

    /// <summary>The path without links.</summary>
    private static string Real(string path)
    {
        var rest = new Stack<string>(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var real = "/";
        for (var links = 0; rest.TryPop(out var part);)
        {
            if (part == "..") real = Path.GetDirectoryName(real) ?? "/";
            if (part is "." or "..") continue;
            var next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks) throw new SpecException($"{path}: its links lead in a circle; put a file there");
            if (target.StartsWith('/')) real = "/";
            foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse()) rest.Push(step);
        }

        return real;
    }
}
