package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/render"
)

// memberTelemetry reads the telemetry of single members, with the settings of the keys for all.
func memberTelemetry() setting {
	return setting{
		read: func(d *draft, v any) error {
			members, ok := v.(map[string]any)
			if !ok {
				return is(v, wantMembers)
			}
			for _, name := range slices.Sorted(maps.Keys(members)) {
				t, err := d.telemetryOf(members[name])
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if d.Render.MemberTelemetry == nil {
					d.Render.MemberTelemetry = map[string]render.Telemetry{}
				}
				d.Render.MemberTelemetry[name] = t
			}
			return nil
		},
		show:   func(*draft) string { return "" },
		schema: schema{"type": "object", "additionalProperties": section(telemetrySection, telemetryKeys)},
	}
}

const wantMembers = "names of members with their telemetry, such as eu-1: {enabled: false}"

// telemetryOf is what is said for all members, changed by what is said for one.
func (d *draft) telemetryOf(member any) (render.Telemetry, error) {
	own := draft{}
	own.Render.Telemetry = d.Render.Telemetry
	section, ok := member.(map[string]any)
	if !ok {
		return render.Telemetry{}, is(member, "its telemetry, such as {enabled: false}")
	}
	for _, k := range telemetryKeys {
		name := strings.TrimPrefix(k.path, telemetrySection+".")
		if v := section[name]; v != nil {
			if err := k.read(&own, v); err != nil {
				return render.Telemetry{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return own.Render.Telemetry, nil
}

// strangersOfMembers names what means nothing in the telemetry of single members.
func strangersOfMembers(members map[string]any) []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		section, ok := members[name].(map[string]any)
		if !ok {
			continue // a mistake that was told already
		}
		for _, note := range strangers(telemetrySection, section) {
			notes = append(notes, membersOfTelemetry+"."+name+strings.TrimPrefix(note, telemetrySection))
		}
	}
	return notes
}
