// drives: std::net of Rust
// Driver for `sockconf check --driver` (docs/driver-protocol.md). std::net has no socket that is neither bound nor
// connected: the object is made by the call that decides what it is. For a stream, bind is TcpListener::bind, which
// listens at once, with a backlog of its own; for datagrams, any call but bind binds to any port.
// What no method says is answered "unsupported", so is a call on a closed socket: that program does not compile.
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const HELLO: &str = concat!(
    r#"{"driver":1,"name":"rust std::net","profile":"rust","lacks":["signals","poll","open","limit","interrupt","waitall","dontwait","#,
    r#""oob","nosignal","reuseaddr","linger","rcvbuf","sndbuf","type","acceptconn","usertimeout"]}"#
);

/// What the numbers of io::Error::raw_os_error are called.
const ERRORS: &[(i32, &str)] = &[
    (1, "EPERM"), (4, "EINTR"), (9, "EBADF"), (11, "EAGAIN"), (12, "ENOMEM"), (13, "EACCES"), (22, "EINVAL"), (23, "ENFILE"),
    (24, "EMFILE"), (32, "EPIPE"), (88, "ENOTSOCK"), (89, "EDESTADDRREQ"), (90, "EMSGSIZE"), (91, "EPROTOTYPE"),
    (92, "ENOPROTOOPT"), (93, "EPROTONOSUPPORT"), (95, "EOPNOTSUPP"), (97, "EAFNOSUPPORT"), (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"), (100, "ENETDOWN"), (101, "ENETUNREACH"), (103, "ECONNABORTED"), (104, "ECONNRESET"),
    (105, "ENOBUFS"), (106, "EISCONN"), (107, "ENOTCONN"), (110, "ETIMEDOUT"), (111, "ECONNREFUSED"),
    (113, "EHOSTUNREACH"), (114, "EALREADY"), (115, "EINPROGRESS"),
];

/// What a number stands for. A call works on a clone, so that the object lives until the call is over.
#[derive(Clone)]
enum Socket {
    NewStream { ipv6: bool },
    NewDatagram { ipv6: bool },
    Bound(Arc<TcpListener>), // listening, and not asked to yet
    Listener(Arc<TcpListener>),
    Stream(Arc<TcpStream>),
    Datagram(Arc<UdpSocket>),
}

enum Failure {
    Unsupported, // by the API under test
    Error(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Error(error)
    }
}

/// The fields of an answer behind its id.
type Answer = Result<String, Failure>;

/// A request's fields by name; those within another by "address.ip", "flags.0".
type Request = HashMap<String, String>;

#[derive(Default)]
struct State {
    resets: u32, // a call that began before the last one may neither answer nor leave a socket behind
    sockets: BTreeMap<usize, Socket>,
}

#[derive(Default)]
struct Driver {
    state: Mutex<State>, // also held while writing
}

fn main() {
    println!("{HELLO}");
    let driver = Arc::new(Driver::default());
    let mut running: Vec<Receiver<()>> = Vec::new();
    for line in io::stdin().lock().lines() {
        let request = parse(&line.expect("stdin is UTF-8"));
        if request["call"] == "reset" {
            driver.reset(running.drain(..));
        }
        if request.get("background").is_some_and(|on| on == "true") {
            let (worker, (over, ended)) = (Arc::clone(&driver), mpsc::channel());
            let id = request["id"].clone();
            thread::spawn(move || worker.serve(&request, Some(over)));
            if ended.recv_timeout(Duration::from_millis(20)).is_err() {
                let _state = driver.state.lock().unwrap();
                if ended.try_recv().is_err() {
                    println!(r#"{{"id":{id},"blocked":true}}"#);
                    running.push(ended);
                }
            }
        } else {
            driver.serve(&request, None);
        }
    }
}

impl Driver {
    fn serve(&self, request: &Request, over: Option<mpsc::Sender<()>>) {
        let resets = self.state.lock().unwrap().resets;
        let answer = match self.carry_out(request, resets) {
            Ok(fields) => fields,
            Err(Failure::Unsupported) => r#""unsupported":true"#.to_string(),
            Err(Failure::Error(error)) => format!(r#""errno":"{}""#, name(&error)),
        };
        let state = self.state.lock().unwrap();
        if state.resets == resets {
            println!(r#"{{"id":{},{answer}}}"#, request["id"]);
        }
        if let Some(over) = over {
            let _ = over.send(()); // nobody waits for it after a reset
        }
    }

    /// Ends the calls that are blocked by a shutdown, as dropping a socket that is in use elsewhere does not.
    fn reset(&self, running: impl Iterator<Item = Receiver<()>>) {
        for socket in self.state.lock().unwrap().sockets.values() {
            let clone: io::Result<OwnedFd> = match socket {
                Socket::Bound(listener) | Socket::Listener(listener) => listener.try_clone().map(OwnedFd::from),
                Socket::Stream(stream) => stream.try_clone().map(OwnedFd::from),
                Socket::Datagram(datagram) => datagram.try_clone().map(OwnedFd::from),
                Socket::NewStream { .. } | Socket::NewDatagram { .. } => continue,
            };
            let _ = clone.and_then(|fd| TcpStream::from(fd).shutdown(Shutdown::Both));
        }
        for ended in running {
            let _ = ended.recv_timeout(Duration::from_millis(200)); // longer only for a connect, whose socket nobody has yet
        }
        let mut state = self.state.lock().unwrap();
        state.resets += 1;
        state.sockets.clear();
    }

    /// A number for a socket, the lowest free.
    fn add(&self, socket: Socket, resets: u32) -> Result<usize, Failure> {
        let mut state = self.state.lock().unwrap();
        if state.resets != resets {
            return Err(Failure::Unsupported); // nobody will read it
        }
        let number = (3..).find(|n| !state.sockets.contains_key(n)).unwrap();
        state.sockets.insert(number, socket);
        Ok(number)
    }

    /// The object of a number is made, or made another, unless the number is gone meanwhile.
    fn replace(&self, number: usize, socket: Socket, resets: u32) {
        let mut state = self.state.lock().unwrap();
        if state.resets == resets {
            state.sockets.entry(number).and_modify(|old| *old = socket);
        }
    }

    fn carry_out(&self, request: &Request, resets: u32) -> Answer {
        let call = request["call"].as_str();
        if call == "reset" {
            return value(0); // done
        }
        if call == "socket" {
            return value(self.add(new_socket(request)?, resets)?);
        }
        let number: usize = request.get("socket").and_then(|n| n.parse().ok()).ok_or(Failure::Unsupported)?;
        let socket = self.state.lock().unwrap().sockets.get(&number).cloned().ok_or(Failure::Unsupported)?;
        match (call, socket) {
            ("close", _) => {
                self.state.lock().unwrap().sockets.remove(&number);
                value(0)
            }
            ("bind", Socket::NewStream { ipv6 }) => {
                let listener = TcpListener::bind(address(request, ipv6)?)?;
                self.replace(number, Socket::Bound(Arc::new(listener)), resets);
                value(0)
            }
            ("bind", Socket::NewDatagram { ipv6 }) => {
                let datagram = UdpSocket::bind(address(request, ipv6)?)?;
                self.replace(number, Socket::Datagram(Arc::new(datagram)), resets);
                value(0)
            }
            ("connect", Socket::NewStream { ipv6 }) => {
                let to = address(request, ipv6)?;
                let stream = TcpStream::connect(to)?;
                self.replace(number, Socket::Stream(Arc::new(stream)), resets);
                value(0)
            }
            ("listen", Socket::NewStream { ipv6 }) => {
                let listener = TcpListener::bind(any(ipv6))?;
                self.replace(number, Socket::Listener(Arc::new(listener)), resets);
                value(0)
            }
            ("listen", Socket::Bound(listener)) => {
                self.replace(number, Socket::Listener(listener), resets);
                value(0)
            }
            ("accept", Socket::Bound(listener) | Socket::Listener(listener)) => {
                let (stream, peer) = listener.accept()?;
                let number = self.add(Socket::Stream(Arc::new(stream)), resets)?;
                Ok(format!(r#""value":{number},{}"#, told(peer)))
            }
            ("dup", socket) => {
                let twin = match socket {
                    Socket::Bound(listener) => Socket::Bound(Arc::new(listener.try_clone()?)),
                    Socket::Listener(listener) => Socket::Listener(Arc::new(listener.try_clone()?)),
                    Socket::Stream(stream) => Socket::Stream(Arc::new(stream.try_clone()?)),
                    Socket::Datagram(datagram) => Socket::Datagram(Arc::new(datagram.try_clone()?)),
                    Socket::NewStream { .. } | Socket::NewDatagram { .. } => return Err(Failure::Unsupported),
                };
                value(self.add(twin, resets)?)
            }
            ("getsockname", Socket::NewDatagram { .. }) => Err(Failure::Unsupported),
            (_, Socket::NewDatagram { ipv6 }) => {
                let datagram = Arc::new(UdpSocket::bind(any(ipv6))?);
                self.replace(number, Socket::Datagram(Arc::clone(&datagram)), resets);
                on_datagram(&datagram, request)
            }
            (_, Socket::Datagram(datagram)) => on_datagram(&datagram, request),
            (_, Socket::Stream(stream)) => on_stream(&stream, request),
            (_, Socket::Bound(listener) | Socket::Listener(listener)) => on_listener(&listener, request),
            (_, Socket::NewStream { .. }) => Err(Failure::Unsupported),
        }
    }
}

fn new_socket(request: &Request) -> Result<Socket, Failure> {
    let ipv6 = match request["domain"].as_str() {
        "inet" => false,
        "inet6" => true,
        _ => return Err(Failure::Unsupported),
    };
    match (request["type"].as_str(), request["protocol"].as_str()) {
        ("stream", "0") => Ok(Socket::NewStream { ipv6 }),
        ("dgram", "0") => Ok(Socket::NewDatagram { ipv6 }),
        _ => Err(Failure::Unsupported),
    }
}

fn on_listener(listener: &TcpListener, request: &Request) -> Answer {
    match (request["call"].as_str(), request.get("option").map(String::as_str)) {
        ("getsockname", _) if !request.contains_key("room") => Ok(format!(r#""value":0,{}"#, told(listener.local_addr()?))),
        ("nonblocking", _) => done(listener.set_nonblocking(request["on"] == "true")),
        ("getsockopt", Some("error")) => pending(listener.take_error()?),
        _ => Err(Failure::Unsupported),
    }
}

fn on_stream(mut stream: &TcpStream, request: &Request) -> Answer {
    match (request["call"].as_str(), request.get("option").map(String::as_str)) {
        ("send", _) if !request.contains_key("flags.0") && !request.contains_key("address.ip") => {
            value(stream.write(&bytes(&request["data"]))?)
        }
        ("recv", _) => {
            let mut buffer = vec![0; number(request, "length")?];
            let size = if peek(request)? { stream.peek(&mut buffer)? } else { stream.read(&mut buffer)? };
            Ok(format!(r#""value":{size},"data":"{}""#, hexadecimal(&buffer[..size])))
        }
        ("shutdown", _) => done(stream.shutdown(match request["how"].as_str() {
            "rd" => Shutdown::Read,
            "wr" => Shutdown::Write,
            "rdwr" => Shutdown::Both,
            _ => return Err(Failure::Unsupported),
        })),
        ("getsockname", _) if !request.contains_key("room") => Ok(format!(r#""value":0,{}"#, told(stream.local_addr()?))),
        ("getpeername", _) if !request.contains_key("room") => Ok(format!(r#""value":0,{}"#, told(stream.peer_addr()?))),
        ("nonblocking", _) => done(stream.set_nonblocking(request["on"] == "true")),
        ("setsockopt", Some("nodelay")) => done(stream.set_nodelay(request["number"] != "0")),
        ("setsockopt", Some("rcvtimeo")) => done(stream.set_read_timeout(duration(request)?)),
        ("setsockopt", Some("sndtimeo")) => done(stream.set_write_timeout(duration(request)?)),
        ("getsockopt", Some("nodelay")) => value(stream.nodelay()?.into()),
        ("getsockopt", Some("rcvtimeo")) => value(milliseconds(stream.read_timeout()?)),
        ("getsockopt", Some("sndtimeo")) => value(milliseconds(stream.write_timeout()?)),
        ("getsockopt", Some("error")) => pending(stream.take_error()?),
        _ => Err(Failure::Unsupported),
    }
}

fn on_datagram(datagram: &UdpSocket, request: &Request) -> Answer {
    match (request["call"].as_str(), request.get("option").map(String::as_str)) {
        ("connect", _) => done(datagram.connect(address(request, datagram.local_addr()?.is_ipv6())?)),
        ("send", _) if !request.contains_key("flags.0") => {
            let data = bytes(&request["data"]);
            value(if request.contains_key("address.ip") {
                datagram.send_to(&data, address(request, datagram.local_addr()?.is_ipv6())?)?
            } else {
                datagram.send(&data)?
            })
        }
        ("recv", _) => {
            let mut buffer = vec![0; number(request, "length")?];
            let (size, peer) = if peek(request)? { datagram.peek_from(&mut buffer)? } else { datagram.recv_from(&mut buffer)? };
            Ok(format!(r#""value":{size},"data":"{}",{}"#, hexadecimal(&buffer[..size]), told(peer)))
        }
        ("getsockname", _) if !request.contains_key("room") => Ok(format!(r#""value":0,{}"#, told(datagram.local_addr()?))),
        ("getpeername", _) if !request.contains_key("room") => Ok(format!(r#""value":0,{}"#, told(datagram.peer_addr()?))),
        ("nonblocking", _) => done(datagram.set_nonblocking(request["on"] == "true")),
        ("setsockopt", Some("broadcast")) => done(datagram.set_broadcast(request["number"] != "0")),
        ("setsockopt", Some("rcvtimeo")) => done(datagram.set_read_timeout(duration(request)?)),
        ("setsockopt", Some("sndtimeo")) => done(datagram.set_write_timeout(duration(request)?)),
        ("getsockopt", Some("broadcast")) => value(datagram.broadcast()?.into()),
        ("getsockopt", Some("rcvtimeo")) => value(milliseconds(datagram.read_timeout()?)),
        ("getsockopt", Some("sndtimeo")) => value(milliseconds(datagram.write_timeout()?)),
        ("getsockopt", Some("error")) => pending(datagram.take_error()?),
        _ => Err(Failure::Unsupported),
    }
}

// ---- from the request ----

fn number<T: std::str::FromStr>(request: &Request, field: &str) -> Result<T, Failure> {
    request.get(field).and_then(|text| text.parse().ok()).ok_or(Failure::Unsupported)
}

/// The methods take any address and make the socket for it: another family than that of the socket cannot be said.
fn address(request: &Request, ipv6: bool) -> Result<SocketAddr, Failure> {
    let ip: IpAddr = number(request, "address.ip")?;
    let family = if ipv6 { "inet6" } else { "inet" };
    if request["address.family"] != family || ip.is_ipv6() != ipv6 || request.contains_key("address.length") {
        return Err(Failure::Unsupported);
    }
    Ok(SocketAddr::new(ip, number(request, "address.port")?))
}

fn any(ipv6: bool) -> &'static str {
    if ipv6 { "[::]:0" } else { "0.0.0.0:0" }
}

fn peek(request: &Request) -> Result<bool, Failure> {
    match (request.get("flags.0").map(String::as_str), request.contains_key("flags.1")) {
        (None, _) => Ok(false),
        (Some("peek"), false) => Ok(true),
        _ => Err(Failure::Unsupported),
    }
}

fn duration(request: &Request) -> Result<Option<Duration>, Failure> {
    let milliseconds = number(request, "number")?;
    Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digit = |d: u8| (d as char).to_digit(16).expect("data is hexadecimal") as u8;
    hexadecimal.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

// ---- into the answer ----

fn value(number: usize) -> Answer {
    Ok(format!(r#""value":{number}"#))
}

fn done(result: io::Result<()>) -> Answer {
    result?;
    value(0)
}

fn pending(error: Option<io::Error>) -> Answer {
    Ok(format!(r#""value":0,"error":"{}""#, error.as_ref().map_or("0", name)))
}

fn milliseconds(duration: Option<Duration>) -> usize {
    duration.map_or(0, |d| d.as_millis() as usize)
}

fn told(address: SocketAddr) -> String {
    let family = if address.is_ipv6() { "inet6" } else { "inet" };
    format!(r#""address":{{"family":"{family}","ip":"{}","port":{}}}"#, address.ip(), address.port())
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |d: u8| char::from_digit(d.into(), 16).unwrap();
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

fn name(error: &io::Error) -> &'static str {
    match ERRORS.iter().find(|(number, _)| error.raw_os_error() == Some(*number)) {
        Some((_, name)) => name,
        None if error.kind() == io::ErrorKind::InvalidInput => "EINVAL", // found by std itself
        None => {
            eprintln!("no name for: {error}");
            "EIO"
        }
    }
}

// ---- JSON, as much as the protocol needs ----

fn parse(line: &str) -> Request {
    let mut request = Request::new();
    scan(&mut line.chars().peekable(), "", &mut request);
    request
}

/// Takes one value off the text; puts it, or those within it, into the request.
fn scan(text: &mut std::iter::Peekable<std::str::Chars>, path: &str, request: &mut Request) {
    while text.next_if(|c| c.is_ascii_whitespace()).is_some() {}
    match text.peek() {
        Some(&open @ ('{' | '[')) => {
            text.next();
            for index in 0.. {
                while text.next_if(|c| c.is_ascii_whitespace() || *c == ',').is_some() {}
                if text.next_if(|c| matches!(c, '}' | ']')).is_some() || text.peek().is_none() {
                    return;
                }
                let mut field = index.to_string();
                if open == '{' {
                    field = string(text);
                    while text.next_if(|c| c.is_ascii_whitespace() || *c == ':').is_some() {}
                }
                let inner = if path.is_empty() { field } else { format!("{path}.{field}") };
                scan(text, &inner, request);
            }
        }
        Some('"') => {
            let value = string(text);
            request.insert(path.to_string(), value);
        }
        _ => {
            let mut word = String::new();
            while let Some(c) = text.next_if(|c| !c.is_ascii_whitespace() && !matches!(c, ',' | '}' | ']')) {
                word.push(c);
            }
            request.insert(path.to_string(), word);
        }
    }
}

fn string(text: &mut std::iter::Peekable<std::str::Chars>) -> String {
    let mut string = String::new();
    text.next();
    while let Some(c) = text.next() {
        match c {
            '"' => break,
            '\\' => match text.next() {
                Some('u') => {
                    let code: String = text.take(4).collect();
                    string.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
                }
                Some(escaped) => string.push(escaped), // of the controls, none is in a word of the protocol
                None => break,
            },
            c => string.push(c),
        }
    }
    string
}
