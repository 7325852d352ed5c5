package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sums is the file that says which files of a directory are of a rendering, and what was in them; sha256sum -c reads it.
const sums = "SHA256SUMS"

// writtenFile is one file below the directory.
type writtenFile struct {
	text []byte
	mode fs.FileMode
}

// write writes renderings below a directory. Several runs have a directory each.
func (w renderOutput) write(directory string, renderings []rendering) error {
	files := map[string]writtenFile{}
	for _, r := range renderings {
		below := ""
		if len(renderings) > 1 {
			below = strings.ReplaceAll(r.run.String(), "/", "-")
		}
		if err := r.collect(below, files); err != nil {
			return err
		}
	}
	if err := replaceFiles(directory, files); err != nil {
		return err
	}
	if err := tables(w.stdout, renderings); err != nil {
		return err
	}
	w.notes(renderings)
	fmt.Fprintf(w.stderr, "Written below %s: files under their names, objects in %s.\n", directory, objectsDirectory)
	return nil
}

const objectsDirectory = "objects"

// collect adds the files of a rendering. Two of the same name are an error: neither may be lost.
func (r rendering) collect(below string, files map[string]writtenFile) error {
	add := func(name string, f writtenFile) error {
		name = path.Join(below, name)
		if _, twice := files[name]; twice {
			return fmt.Errorf("two files would be written to %s: render one run at a time", name)
		}
		files[name] = f
		return nil
	}
	for _, f := range r.files {
		mode := fs.FileMode(0o644)
		if f.mode&0o111 != 0 {
			mode = 0o755
		}
		if err := add(f.name, writtenFile{[]byte(f.text), mode}); err != nil {
			return err
		}
	}
	for _, o := range r.objects {
		text, _, err := yamlOf(o, true)
		if err != nil {
			return err
		}
		if err := add(fileFor(o), writtenFile{text, 0o644}); err != nil {
			return err
		}
	}
	return nil
}

func fileFor(o client.Object) string {
	return path.Join(objectsDirectory, strings.ReplaceAll(nameOf(o), "/", "-")+".yaml")
}

// replaceFiles writes files below a directory, in the place of those that an earlier call wrote. What anybody else wrote or
// changed there is left alone, and nothing is written then. No name leads out of the directory, by a link neither.
func replaceFiles(directory string, files map[string]writtenFile) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	defer func() { _ = root.Close() }()
	ours, err := readSums(root)
	if err != nil {
		return fmt.Errorf("writing below %s: %w", directory, err)
	}
	var foreign []string
	for name := range files {
		sum, err := sumOf(root, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("writing below %s: %w", directory, err)
		case sum != ours[name] && sum != hexSum(files[name].text):
			foreign = append(foreign, name)
		}
	}
	if len(foreign) > 0 {
		slices.Sort(foreign)
		return fmt.Errorf("%s has files that no rendering wrote, or that were changed since: %s: name another directory, or remove them",
			directory, strings.Join(foreign, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if sum, err := sumOf(root, name); err == nil && sum == ours[name] {
			if err := root.Remove(name); err != nil {
				return fmt.Errorf("replacing what an earlier rendering wrote: %w", err)
			}
		}
	}
	return createAll(root, files)
}

func createAll(root *os.Root, files map[string]writtenFile) error {
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := create(root, name, files[name]); err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s  %s\n", hexSum(files[name].text), name)
	}
	return create(root, sums, writtenFile{[]byte(list.String()), 0o644})
}

func create(root *os.Root, name string, f writtenFile) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // the same, or ours: it was looked at
		return fmt.Errorf("writing %s: %w", name, err)
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	_, err = file.Write(f.text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// readSums reads which files an earlier rendering wrote.
func readSums(root *os.Root) (map[string]string, error) {
	text, err := root.ReadFile(sums)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was written before
	}
	if err != nil {
		return nil, err
	}
	ours := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if _, err := hex.DecodeString(sum); !ok || err != nil || len(sum) != 2*sha256.Size {
			return nil, fmt.Errorf("its %s is of something else: name another directory", sums)
		}
		ours[name] = sum
	}
	return ours, nil
}

// sumOf is the sum of a regular file; of anything else an error.
func sumOf(root *os.Root, name string) (string, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file: name another directory, or remove it", name)
	}
	text, err := root.ReadFile(name)
	return hexSum(text), err
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
