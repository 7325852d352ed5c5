package process

import (
	"cmp"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
)

// reason finds what a dying program of Kubernetes or etcd says last but one:
// klog's errors and fatals, cobra's "Error:", etcd's fatal level, Go's panics.
var reason = regexp.MustCompile(`^(F\d{4} |Error: |error: |panic: |fatal error: |\{"level":"(fatal|panic|error)")`)

// short makes a line of a log one that a person reads: of JSON, as etcd and kwok
// write it, only the message and the error.
func short(line string) string {
	var entry struct {
		Msg   string `json:"msg"`
		Err   string `json:"err"`   // kwok's
		Error string `json:"error"` // etcd's
	}
	if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg != "" {
		line = entry.Msg
		if why := cmp.Or(entry.Err, entry.Error); why != "" {
			line += ": " + why
		}
	}
	const enough = 200
	if runes := []rune(line); len(runes) > enough {
		line = string(runes[:enough]) + "..."
	}
	return line
}

// tailBytes bounds what Tail reads of a log.
const tailBytes = 64 << 10

// Tail returns the last lines of a file, none if it cannot be read.
func Tail(path string, lines int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, size-tailBytes), io.SeekStart)
	}
	data, _ := io.ReadAll(f)
	text := strings.TrimRight(string(data), "\n")
	if text == "" {
		return nil
	}
	all := strings.Split(text, "\n")
	return all[max(0, len(all)-lines):]
}
