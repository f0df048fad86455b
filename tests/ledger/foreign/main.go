// Command foreign reads a tlog-tiles log with Go's own golang.org/x/mod and checks all of it:
// the signed note, every leaf hash through the tiles against the signed root, every entry against
// its leaf hash, and a consistency proof from every size given.
//
//	foreign <log folder> <vkey> [old size]...
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tiles struct{ root string }

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		// tlog names tiles tile/8/<level>/<index>; tlog-tiles leaves the height out.
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		bytes, err := os.ReadFile(filepath.Join(t.root, path))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	return value
}

func refuse(format string, args ...any) {
	must(0, fmt.Errorf(format, args...))
}

func entries(root string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := min(256, size-n*256)
		tile := tlog.Tile{H: 8, L: 0, N: n, W: int(width)}
		path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
		data := must(os.ReadFile(filepath.Join(root, path)))
		for range width {
			if len(data) < 2 {
				refuse("%s is cut", path)
			}
			length := int(binary.BigEndian.Uint16(data))
			if len(data) < 2+length {
				refuse("%s is cut", path)
			}
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
		if len(data) != 0 {
			refuse("%s has trailing data", path)
		}
	}
	return all
}

func main() {
	root := os.Args[1]
	verifier := must(note.NewVerifier(os.Args[2]))
	text := must(os.ReadFile(filepath.Join(root, "checkpoint")))
	signed := must(note.Open(text, note.VerifierList(verifier)))
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		refuse("origin %q", lines[0])
	}
	size := must(strconv.ParseInt(lines[1], 10, 64))
	hash := must(tlog.ParseHash(lines[2]))
	tree := tlog.Tree{N: size, Hash: hash}
	reader := tlog.TileHashReader(tree, tiles{root})
	if size > 0 && must(tlog.TreeHash(size, reader)) != hash {
		refuse("the tiles do not lead to the root")
	}
	for index, entry := range entries(root, size) {
		leaf := tlog.RecordHash(entry)
		if must(reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))}))[0] != leaf {
			refuse("entry %d is not its leaf", index)
		}
		if index%97 == 0 {
			proof := must(tlog.ProveRecord(size, int64(index), reader))
			must(0, tlog.CheckRecord(proof, size, hash, int64(index), leaf))
		}
	}
	for _, argument := range os.Args[3:] {
		old := must(strconv.ParseInt(argument, 10, 64))
		before := must(tlog.TreeHash(old, reader))
		proof := must(tlog.ProveTree(size, old, reader))
		must(0, tlog.CheckTree(proof, size, hash, old, before))
	}
	fmt.Printf("verified %d entries of %s\n", size, lines[0])
}
