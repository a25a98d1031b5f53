"""A libtorrent client for the end-to-end test: makes a torrent, seeds it, or downloads it. Loopback only.

usage: libtorrent_peer.py make FOLDER NAME TRACKER TORRENT
       libtorrent_peer.py seed|download FOLDER TORRENT

Prints one JSON object a line: {"tracker_reply": peers}, {"tracker_error": text}, {"finished": true}.
"seed" and "download" run until standard input is closed.
"""
import json
import select
import sys
import time

import libtorrent as lt

SETTINGS = {
    "listen_interfaces": "127.0.0.1:0",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # Both clients stand on one address.
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert.category_t.tracker_notification | lt.alert.category_t.status_notification,
}


def say(**event):
    print(json.dumps(event), flush=True)


def make(folder, name, tracker, torrent):
    files = lt.file_storage()
    lt.add_files(files, f"{folder}/{name}")
    # aria2 1.36 reads version 1 torrents only.
    maker = lt.create_torrent(files, 65536, lt.create_torrent.v1_only)
    maker.add_tracker(tracker)
    lt.set_piece_hashes(maker, folder)
    with open(torrent, "wb") as file:
        file.write(lt.bencode(maker.generate()))


def take_part(folder, torrent):
    session = lt.session(SETTINGS)
    handle = session.add_torrent({"ti": lt.torrent_info(torrent), "save_path": folder})
    announce_due = time.monotonic() + 1
    while True:
        # The other client may have announced after us: ask again each second, not in half an hour.
        if time.monotonic() >= announce_due and not handle.status().is_seeding:
            handle.force_reannounce(0, -1, lt.reannounce_flags_t.ignore_min_interval)
            announce_due += 1
        for alert in session.pop_alerts():
            if isinstance(alert, lt.tracker_reply_alert):
                say(tracker_reply=alert.num_peers)
            elif isinstance(alert, lt.tracker_error_alert):
                say(tracker_error=alert.message())
            elif isinstance(alert, lt.torrent_finished_alert):
                say(finished=True)
        readable, _, _ = select.select([sys.stdin], [], [], 0.05)
        if readable and not sys.stdin.read(1):
            return


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    make(*arguments) if command == "make" else take_part(*arguments)
