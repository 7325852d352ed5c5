// Package images writes container images that hold one static program, without a
// registry and without a tool.
package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Program writes the image of one static program to path, as `docker save` would.
func Program(path, image, program string) error {
	data, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("writing image %s: %w", image, err)
	}
	entry := "/" + filepath.Base(program)
	layer := archive(file{entry[1:], data, 0o755})
	config := asJSON(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       map[string]any{"Entrypoint": []string{entry}},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	configName := digest(config) + ".json"
	manifest := asJSON([]any{map[string]any{
		"Config": configName, "RepoTags": []string{image}, "Layers": []string{"layer.tar"},
	}})
	all := archive(file{"layer.tar", layer, 0o644}, file{configName, config, 0o644}, file{"manifest.json", manifest, 0o644})
	if err := os.WriteFile(path, all, 0o644); err != nil {
		return fmt.Errorf("writing image %s: %w", image, err)
	}
	return nil
}

type file struct {
	name string
	data []byte
	mode int64
}

// archive writes into memory, where nothing fails.
func archive(files ...file) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		_ = w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), Typeflag: tar.TypeReg})
		_, _ = w.Write(f.data)
	}
	_ = w.Close()
	return b.Bytes()
}

func asJSON(v any) []byte {
	data, _ := json.Marshal(v) //nolint:errchkjson // maps, lists and strings of ours
	return data
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
