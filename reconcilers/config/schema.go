package config

import (
	"maps"
	"strings"
)

// schema is a JSON schema, as encoding/json writes it.
type schema map[string]any

// Schema is what config.yaml may say, as far as JSON Schema can say it: what Parse takes it takes, and every mistake that
// it finds, Parse finds. It knows no key of the original that has no effect, and refuses one that nobody knows.
func Schema() map[string]any { return section("", keys) }

// section is the schema of the keys below a path, each with its meaning.
func section(path string, of []key) schema {
	below := schema{}
	for _, k := range of {
		rest, found := strings.CutPrefix(k.path, path+".")
		if path == "" {
			rest, found = k.path, true
		}
		if !found {
			continue
		}
		name, deeper, isSection := strings.Cut(rest, ".")
		switch {
		case below[name] != nil:
		case isSection && deeper != "":
			below[name] = section(strings.TrimPrefix(path+"."+name, "."), of)
		default:
			below[name] = k.described()
		}
	}
	out := schema{"type": "object", "additionalProperties": false, "properties": below}
	if needed := required[path]; needed != nil {
		out["required"] = needed
	}
	return out
}

// required is what has no default, by the section that it is in.
var required = map[string][]string{"": {"agent"}, "agent": {"image"}, "agent.image": {"repository", "tag"}}

// described is the schema of one key with its meaning.
func (k key) described() schema {
	out := schema{"description": k.meaning}
	maps.Copy(out, k.schema)
	return out
}

func schemaOf(p pattern) schema { return schema{"type": "string", "pattern": p.String()} }

func wholeSchema(least, most int64) schema {
	return schema{"type": "integer", "minimum": least, "maximum": most}
}

var (
	quantitySchema = schema{"type": []string{"string", "integer", "number"}, "pattern": `^[0-9.]+([eE][-+]?[0-9]+|[numkKMGTPE]i?)?$`}

	tolerationSchema = schema{
		"type": "object", "additionalProperties": false,
		"properties": schema{
			"key": schema{"type": "string"}, "operator": schema{"enum": []string{"Exists", "Equal"}}, "value": schema{"type": "string"},
			"effect":            schema{"enum": []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}},
			"tolerationSeconds": schema{"type": "integer"},
		},
	}

	variableSchema = schema{
		"type": "object", "additionalProperties": false, "required": []string{"name", "value"},
		"properties": schema{"name": schema{"type": "string", "pattern": variableName.String()}, "value": schema{"type": "string"}},
	}
)
