using SockConformance.Model;
using SockConformance.Report;

namespace SockConformance.Fuzz;

/// <summary>A case that reached something new.</summary>
/// <param name="Steps">What it did; its receives and its TLS sessions are made anew for each case that goes on from it.</param>
/// <param name="Reached">So many of the steps led to it.</param>
internal sealed record CorpusEntry(IReadOnlyList<Step> Steps, int Reached)
{
    public int Chosen { get; set; }

    public static CorpusEntry Of(Scenario scenario, int reached)
    {
        var steps = scenario.Steps.Index().Where(item => item.Item is Step.Connect or Step.Open or Step.Send or Step.ShutdownWrite or Step.Close or Step.Abort or Step.Idle).ToList();
        return new CorpusEntry([.. steps.Select(item => item.Item is Step.Send send ? send with { MayFail = false } : item.Item)], steps.Count(item => item.Index < reached));
    }
}

/// <summary>
/// The cases that cases are made from, in memory and in a folder: one case file each, written whole or not at all, so that a campaign goes on where it was,
/// whatever ended it. Only one campaign uses a folder at a time.
/// </summary>
internal sealed class Corpus : IDisposable
{
    public const string Requirement = "fuzz/corpus";
    private const int Most = 4096, MostSaid = 512, MostComplaints = 5;
    private readonly List<CorpusEntry> entries = [];
    private readonly List<byte[]> said = [];
    private readonly Lock gate = new();
    private readonly string? folder;
    private readonly FileStream? claim;
    private readonly ReportTrouble trouble = new();

    /// <summary>One that is only in memory.</summary>
    public Corpus() { }

    /// <param name="trouble">Told if a case cannot be written.</param>
    /// <exception cref="InputException">The folder cannot be used, or another campaign uses it.</exception>
    public Corpus(string folder, ReportTrouble trouble)
    {
        (this.folder, this.trouble) = (folder, trouble);
        try
        {
            Directory.CreateDirectory(folder);
            claim = new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(Path.Combine(folder, ".lock")) && e is not FileNotFoundException)
        {
            throw new InputException($"the corpus {folder} is in use by another campaign: wait for its end, or name another folder with --corpus");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"the corpus {folder} cannot be used: {e.Message}");
        }
    }

    public int Count
    {
        get
        {
            lock (gate) return entries.Count;
        }
    }

    /// <summary>Reads what is in the folder; files that are no cases are left alone, and told of.</summary>
    public IReadOnlyList<string> Load(Func<Scenario, bool> fits)
    {
        if (folder is null) return [];
        var (complaints, ignored) = (new List<string>(), 0);
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Take(Most * 2))
        {
            try
            {
                var file = CaseFile.Read(path);
                var reached = file.Requirement == Requirement && int.TryParse(file.Observed, out var number) ? number : file.Scenario.Steps.Length;
                if (fits(file.Scenario)) Keep(CorpusEntry.Of(file.Scenario, reached));
            }
            catch (InputException e)
            {
                ignored++;
                if (complaints.Count < MostComplaints) complaints.Add($"{Printable.Line(e.Message, 300)}: left out");
            }
        }

        if (ignored > complaints.Count) complaints.Add($"{ignored - complaints.Count} more files of {Printable.Line(folder)} are no case files: left out");
        return complaints;
    }

    /// <summary>Takes in a case that was given, which has its own place already.</summary>
    public void Begin(Scenario scenario) => Keep(CorpusEntry.Of(scenario, scenario.Steps.Length));

    /// <summary>Takes in a case, and writes it down.</summary>
    /// <param name="describe">The case as a file.</param>
    public void Add(Scenario scenario, int reached, Func<CaseFile> describe)
    {
        if (!Keep(CorpusEntry.Of(scenario, reached)) || folder is null) return;
        var file = describe();
        trouble.Try(() => RunFolder.Write(folder, $"{file.Id}.json", file.ToJson()));
    }

    /// <summary>One to go on from: those chosen rarely, and new ones, come first more often; null while there is none.</summary>
    public CorpusEntry? Choose(ref FuzzRandom random)
    {
        lock (gate)
        {
            if (entries.Count == 0) return null;
            CorpusEntry? best = null;
            for (var tries = 0; tries < 3; tries++)
            {
                var one = entries[random.OneIn(3) ? entries.Count - 1 - random.Below(Math.Min(8, entries.Count)) : random.Below(entries.Count)];
                if (best is null || one.Chosen < best.Chosen) best = one;
            }

            best!.Chosen++;
            return best;
        }
    }

    /// <summary>A message that some case has sent.</summary>
    public byte[]? Said(ref FuzzRandom random)
    {
        lock (gate) return said.Count == 0 ? null : said[random.Below(said.Count)];
    }

    public void Dispose() => claim?.Dispose();

    private bool Keep(CorpusEntry entry)
    {
        lock (gate)
        {
            if (entries.Count >= Most || entry.Steps.Count == 0) return false;
            entries.Add(entry);
            foreach (var send in entry.Steps.OfType<Step.Send>().Where(send => send.Data.Size is > 0 and <= Havoc.MostBytes && said.Count < MostSaid)) said.Add(send.Data.ToBytes());
            return true;
        }
    }
}
