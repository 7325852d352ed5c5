package hostile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// Fill gives every text below v a value, by its path such as agentTools[].name, and every list and map one element: a field
// that is new is filled too. Numbers stay as they are: they carry nothing.
func Fill(v reflect.Value, choose func(path string) string) { fill(v, "", choose) }

func fill(v reflect.Value, path string, choose func(path string) string) {
	if config, ok := reflect.TypeAssert[*runtime.RawExtension](v.Addr()); ok {
		config.Raw = fmt.Appendf(nil, `{"x": %s}`, quoted(choose(path)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(choose(path))
	case reflect.Bool:
		v.SetBool(path != "suspend" && path != "cancel")
	case reflect.Pointer:
		if path == "taskId" {
			v.Set(reflect.ValueOf(new(int64(7))))
		} else if v.Type().Elem().Kind() != reflect.Int32 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), path, choose)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path+"[]", choose)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, path+".key", choose)
		fill(value, path+".value", choose)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			fill(v.Field(i), strings.TrimPrefix(strings.TrimSuffix(path+"."+name, "."), "."), choose)
		}
	default: // a number
	}
}

func quoted(text string) []byte {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err) //nolint:forbidigo // a text can always be encoded
	}
	return out
}
