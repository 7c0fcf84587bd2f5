// Package wal is a server's disk: the persistent state of Figure 2 (currentTerm, votedFor, log[]) and the snapshot of Figure 13 as a write-ahead log
// of checksummed records over a Disk of three methods.
//
// # Layout
//
//	header  = "RaftWAL" version(1 byte) record      the record's body: identity and the length of the image
//	image   = record*                               the whole state at the last rewriting
//	saves   = record*                               one record for every Save since, with the snapshot if it has one
//	record  = length headCRC bodyCRC body           three little-endian uint32, then length bytes
//
// headCRC is the CRC-32C of the record's offset (uint64) and length, bodyCRC that of the body. The offset is in it so that a record that is
// found anywhere but at its own place, for instance inside a client's value, is never taken for one.
//
// # What a crash leaves
//
// Header and image are written in one step by Disk.Replace, which is atomic: damage there is always an error. A Save is one record written by one
// Disk.Append; a crash may leave a part of the last one. Such a torn tail was never acknowledged: Open cuts it off and says so in Recovery. A bad
// record with a good record anywhere behind it is not a torn tail: entries that were acknowledged are damaged, and a server that
// went on without them could vote or count them wrongly (§5.4.1), so Open refuses with the offset. One case cannot be told apart by
// any log without a second copy: a last record that was acknowledged and damaged afterwards looks like a torn tail.
package wal
