using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;

namespace SockConformance.Tests.Shared;

/// <summary>A real Chromium without a window, driven through its own debugging protocol: what a page shows, says and asks for. The driver of Playwright is left out, as its package is larger than all others together.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly string[] Names = ["chromium", "google-chrome"];
    private readonly Process process;
    private readonly string profile;
    private readonly ClientWebSocket socket = new();
    private readonly Dictionary<int, TaskCompletionSource<JsonNode>> asked = [];
    private readonly Lock gate = new();
    private readonly SemaphoreSlim sending = new(1);
    private int asks;

    private Browser(Process process, string profile) => (this.process, this.profile) = (process, profile);

    /// <summary>Raised for what pages tell by themselves.</summary>
    private event Action<string, string, JsonNode>? Told;

    public static async Task<Browser> Start()
    {
        var program = Names.Select(Tools.Find).FirstOrDefault(path => path is not null);
        if (program is null) Tools.Lacks("chromium is not installed (apt-get install chromium)");
        var profile = Directory.CreateTempSubdirectory("sockconf-browser-").FullName;
        var start = new ProcessStartInfo(program, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var browser = new Browser(Process.Start(start)!, profile);
        await browser.Connect();
        return browser;
    }

    /// <summary>Opens a file and waits until it is loaded.</summary>
    public async Task<BrowserPage> Open(string path, int width = 1280, bool scripts = true, bool dark = false)
    {
        var target = (string)(await Ask("Target.createTarget", new JsonObject { ["url"] = "about:blank" }))["targetId"]!;
        var session = (string)(await Ask("Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true }))["sessionId"]!;
        var page = new BrowserPage(this, target, session);
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Told += (from, name, values) =>
        {
            if (from != session) return;
            if (name == "Page.loadEventFired") loaded.TrySetResult();
            page.Note(name, values);
        };
        foreach (var domain in (string[])["Page", "Runtime", "Log", "Network"]) await page.Ask($"{domain}.enable");
        await page.Ask("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        await page.Ask("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }) });
        if (!scripts) await page.Ask("Emulation.setScriptExecutionDisabled", new JsonObject { ["value"] = true });
        await page.Ask("Page.navigate", new JsonObject { ["url"] = new Uri(path).AbsoluteUri });
        await loaded.Task.WaitAsync(Deadline);
        return page;
    }

    internal async Task<JsonNode> Ask(string method, JsonObject? values = null, string? session = null)
    {
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        int id;
        lock (gate) asked[id = ++asks] = answer;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = values ?? [] };
        if (session is not null) message["sessionId"] = session;
        await sending.WaitAsync();
        try
        {
            await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            sending.Release();
        }

        return await answer.Task.WaitAsync(Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        sending.Dispose();
        Clock.Until(() => Deleted(profile) ? profile : null, Deadline, CancellationToken.None);
    }

    /// <summary>A helper of the browser may still write there.</summary>
    private static bool Deleted(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task Connect()
    {
        const string Mark = "DevTools listening on ";
        using var overdue = new CancellationTokenSource(Deadline);
        string? line;
        while ((line = await process.StandardError.ReadLineAsync(overdue.Token)) is not null && !line.StartsWith(Mark, StringComparison.Ordinal)) { }
        await socket.ConnectAsync(new Uri(line?[Mark.Length..] ?? throw new InvalidOperationException("chromium ended at once")), overdue.Token);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = Task.Run(Listen);
    }

    private async Task Listen()
    {
        var buffer = new byte[1 << 16];
        try
        {
            while (true)
            {
                using var whole = new MemoryStream();
                WebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(buffer, CancellationToken.None);
                    whole.Write(buffer, 0, part.Count);
                }
                while (!part.EndOfMessage);
                Take(JsonNode.Parse(whole.ToArray())!);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or JsonException)
        {
            lock (gate)
            {
                foreach (var one in asked.Values) one.TrySetException(new InvalidOperationException("chromium has gone"));
            }
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is null)
        {
            Told?.Invoke((string?)message["sessionId"] ?? "", (string)message["method"]!, message["params"]!);
            return;
        }

        TaskCompletionSource<JsonNode>? answer;
        lock (gate) asked.Remove((int)message["id"]!, out answer);
        if (message["error"] is { } error) answer?.TrySetException(new InvalidOperationException($"{error["message"]}"));
        else answer?.TrySetResult(message["result"]!);
    }
}

/// <summary>One page, and all that it has complained of or asked for.</summary>
internal sealed class BrowserPage(Browser browser, string target, string session) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<string> complaints = [], requests = [];

    /// <summary>Errors and warnings on the console, exceptions of scripts, refusals of the content security policy.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (gate) return [.. complaints];
        }
    }

    /// <summary>The addresses that were asked for, the page's own among them.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (gate) return [.. requests];
        }
    }

    /// <summary>The value of an expression, as text.</summary>
    public async Task<string> Value(string expression)
    {
        var answer = await Ask("Runtime.evaluate", new JsonObject { ["expression"] = $"String({expression})", ["awaitPromise"] = true, ["userGesture"] = true });
        Assert.That(answer["exceptionDetails"], Is.Null, expression);
        return (string)answer["result"]!["value"]!;
    }

    /// <summary>Puts the keyboard's focus on an element and types.</summary>
    public async Task Type(string selector, string text)
    {
        await Value($"document.querySelector('{selector}').focus()");
        await Ask("Input.insertText", new JsonObject { ["text"] = text });
    }

    /// <summary>Presses a key that has no text.</summary>
    public async Task Press(string key, int code)
    {
        foreach (var type in (string[])["rawKeyDown", "keyUp"])
            await Ask("Input.dispatchKeyEvent", new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code });
    }

    /// <summary>The picture as PNG.</summary>
    public async Task<byte[]> Picture() => Convert.FromBase64String((string)(await Ask("Page.captureScreenshot"))["data"]!);

    public Task<JsonNode> Ask(string method, JsonObject? values = null) => browser.Ask(method, values, session);

    public async ValueTask DisposeAsync() => await browser.Ask("Target.closeTarget", new JsonObject { ["targetId"] = target });

    internal void Note(string name, JsonNode values)
    {
        lock (gate)
        {
            if (name == "Network.requestWillBeSent") requests.Add((string)values["request"]!["url"]!);
            if (name == "Runtime.exceptionThrown") complaints.Add(values.ToJsonString());
            if (name == "Runtime.consoleAPICalled") complaints.Add(values.ToJsonString());
            if (name == "Log.entryAdded") complaints.Add(values["entry"]!.ToJsonString());
        }
    }
}
