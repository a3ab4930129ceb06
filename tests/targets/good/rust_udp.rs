// serves: echo-udp, discard-udp, time-udp, chargen-udp
// UDP services, standard library only. Three threads receive from one socket, so
// answers may overtake one another, as datagrams do.
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

/// Seconds from 1900 to 1970, RFC 868.
const SINCE_1900: u64 = 2_208_988_800;

/// What is answered to what was asked; None is no answer, an empty one is one.
type Service = fn(&[u8]) -> Option<Vec<u8>>;

fn echo(asked: &[u8]) -> Option<Vec<u8>> {
    Some(asked.to_vec())
}

fn discard(_: &[u8]) -> Option<Vec<u8>> {
    None
}

fn time(_: &[u8]) -> Option<Vec<u8>> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Some(((since_1970 + SINCE_1900) as u32).to_be_bytes().to_vec())
}

/// Six lines of 72 characters and CR LF: as many as fit into 512.
fn chargen(_: &[u8]) -> Option<Vec<u8>> {
    let line = |first: u8| (first..first + 72).chain(*b"\r\n");
    Some((b' '..b' ' + 6).flat_map(line).collect())
}

fn serve(socket: &UdpSocket, answer_to: Service) {
    let mut buf = vec![0u8; 65536];
    loop {
        let Ok((n, peer)) = socket.recv_from(&mut buf) else { continue };
        if let Some(answer) = answer_to(&buf[..n]) {
            let _ = socket.send_to(&answer, peer); // a failure concerns this peer only
        }
    }
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let port = args.get(1).and_then(|a| a.parse::<u16>().ok());
    let service: Option<Service> = match args.get(2).map(String::as_str) {
        Some("echo-udp") => Some(echo),
        Some("discard-udp") => Some(discard),
        Some("time-udp") => Some(time),
        Some("chargen-udp") => Some(chargen),
        _ => None,
    };
    let (Some(port), Some(service)) = (port, service) else {
        eprintln!("usage: rust_udp PORT SERVICE");
        process::exit(2);
    };
    let socket = UdpSocket::bind(("0.0.0.0", port)).unwrap_or_else(|e| {
        eprintln!("bind: {e}");
        process::exit(1);
    });
    let socket = Arc::new(socket);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let socket = Arc::clone(&socket);
            thread::spawn(move || serve(&socket, service))
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}
