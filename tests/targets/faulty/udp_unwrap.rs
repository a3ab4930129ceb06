// serves: echo-udp
// defect: a datagram that is not valid UTF-8 ends the server
// mistake: unwrap() on String::from_utf8(), since all that people type is text
// trips: udp/survive/garbage, udp/data/binary
use std::env;
use std::net::UdpSocket;

fn main() {
    let port = env::args().nth(1).and_then(|a| a.parse::<u16>().ok()).expect("usage: udp_unwrap PORT");
    let socket = UdpSocket::bind(("0.0.0.0", port)).expect("bind");
    let mut buf = vec![0u8; 65536];
    loop {
        let Ok((n, peer)) = socket.recv_from(&mut buf) else { continue };
        let text = String::from_utf8(buf[..n].to_vec()).unwrap();
        let _ = socket.send_to(text.as_bytes(), peer);
    }
}
