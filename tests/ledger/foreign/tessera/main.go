// Command tessera checks and writes logs with github.com/transparency-dev/tessera, which shares no
// code with us.
//
//	tessera fsck <log folder or address> <vkey> [witness vkey]
//	tessera write <log folder> <private key file> <count> [witness policy file]
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	cosignature "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	return value
}

func leafHashes(bundle []byte) ([][]byte, error) {
	entries := &api.EntryBundle{}
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func check(place, vkey string, witnesses []string) {
	ctx := context.Background()
	verifier := must(note.NewVerifier(vkey))
	var fetcher fsck.Fetcher = client.FileFetcher{Root: place}
	if strings.HasPrefix(place, "http://") {
		fetcher = must(client.NewHTTPFetcher(must(url.Parse(place)), nil))
	}
	must(0, fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: 2}).Check(ctx))
	raw := must(fetcher.ReadCheckpoint(ctx))
	for _, witness := range witnesses {
		cosigner := must(cosignature.NewVerifierForCosignatureV1(witness))
		must(note.Open(raw, note.VerifierList(cosigner)))
	}
	fmt.Printf("verified %s entries of %s\n", strings.Split(string(raw), "\n")[1], verifier.Name())
}

func write(folder, keyFile string, count uint, policy []string) {
	ctx := context.Background()
	key := strings.TrimSpace(string(must(os.ReadFile(keyFile))))
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(must(note.NewSigner(key))).
		WithBatching(count, 100*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond)
	for _, file := range policy {
		group := must(tessera.NewWitnessGroupFromPolicy(must(os.ReadFile(file))))
		options.WithWitnesses(group, nil)
	}
	driver := must(posix.New(ctx, posix.Config{Path: folder}))
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	must(0, err)
	published := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	var futures []tessera.IndexFuture
	for n := range count {
		futures = append(futures, appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d", n))))
	}
	for _, future := range futures {
		_, _, err := published.Await(ctx, future)
		must(0, err)
	}
	must(0, shutdown(ctx))
	fmt.Printf("wrote %d entries\n", count)
}

func main() {
	if os.Args[1] == "fsck" {
		check(os.Args[2], os.Args[3], os.Args[4:])
		return
	}
	write(os.Args[2], os.Args[3], uint(must(strconv.ParseUint(os.Args[4], 10, 32))), os.Args[5:])
}
