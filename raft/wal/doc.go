// Package wal is a server's disk: the persistent state of Figure 2 (currentTerm, votedFor, log[]) and the
// snapshot of Figure 13, as a write-ahead log over a Disk of three methods.
//
// A server that forgets a vote gives it twice (§5.2); one that forgets an entry lets a majority forget it
// (§5.4.1). So this package has one rule: what was acknowledged is there when the disk is opened again, or
// the disk is not opened, and the error says what was found and what that may mean.
//
// # Layout
//
//	disk    = header image save*
//	header  = "RaftWAL" version(1 byte) record     the record's body: whose disk it is, and the length of the image
//	image   = record or nothing                    the whole state at the last rewriting
//	save    = record                               one for every Save since, or one for a new claim
//	record  = mark length number link bodySum sum body
//
// A record begins with the four bytes of its mark. Behind them stand five little-endian uint32: the length of
// the body; the record's number, one more than that of the record before; the link, which is the sum of the
// record before; the CRC-32C of the body; and the sum, the CRC-32C of those four. As the sum is taken over
// the link, it is a checksum of everything that came before. The chain goes on through rewritings, so no
// record ever fits a second place: one that is missing, doubled, moved, or of another disk is told from its
// neighbours by its number, and if that is right by chance, by its link.
//
// A body never contains the mark: if the first two bytes of it occur there, a stop is put behind them and
// taken out in reading. Clients choose the bytes of values; without this, they could write one that looks
// like a record.
//
// # What a crash leaves
//
// Header and image are written in one step by Disk.Replace, which is atomic: damage there is always an error.
// Everything else is appended, one record by one Disk.Append, each behind what is durable. So a crash leaves
// all records that were durable, whole, and behind them at most a part of a single record that was not: its
// torn tail. Of the torn record any bytes may be there or not, in any order: a file's blocks are written in
// any order, and its length grows on its own. Three things follow, and Open refuses whatever contradicts
// them:
//
//   - nothing stands behind a torn record. If its head is whole, the disk ends within its body; if it is
//     not, no other record begins anywhere behind it;
//   - a whole record is never torn. If its number or its link is wrong, something happened to the records before it;
//   - what the disk has confirmed is never torn. Disks keep account of it (Confirmer): a File at its start,
//     the browser's private files likewise, IndexedDB in the transaction of each write. If the log ends early,
//     or its last block went bad, the account says that more was acknowledged.
//
// A torn tail within these bounds was never acknowledged. Open cuts it off, which needs no room on the disk
// (Cutter), and says so in Recovery.
//
// # What cannot be known
//
// An account is written when a write is durable, and becomes durable itself with the next one or when the
// operating system gets to it. A loss of power may lose the account of the last write, and only that. If
// that write's record is damaged as well, it looks like an interrupted one. A disk without an account,
// written by an older version of this package or not a Confirmer, is judged by its records alone: damage
// that covers every head from its beginning to the end looks like one long torn write.
//
// A disk cannot know that it is an older copy of itself: its records, links and accounts are all as they
// should be. For that it keeps the number of the last claim that it was opened with (Identity.Claim, Whose),
// which the room compares with its own. Nor can a disk know that its file was emptied: it is like new.
//
// A checksum of 32 bits errs once in four billion. It is there against accidents: whoever can write to the
// disk itself can make it say anything.
//
// # Versions
//
// Version 2 had records with heads of twelve bytes that were not linked, each with its offset in the checksum
// instead (unchained.go), and its header named no room; version 1 was the same without snapshots. Both are
// read, judged by the same rules as far as their records allow, and rewritten in this version. The lab goes
// on with version 2, for links to its runs hold a hash of everything, its disks included.
package wal
