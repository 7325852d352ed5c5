package api

import (
	"fmt"
	"reflect"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// filler gives every field of a value something that no other field has, so that a field that is lost, renamed or
// mixed up with another on its way shows. It walks the types: a new field cannot be forgotten.
type filler struct{ n int64 }

// choices are the types with few legal values.
var choices = map[reflect.Type]any{
	reflect.TypeFor[v1.Phase]():                     v1.PhasePending,
	reflect.TypeFor[v1.StopCause]():                 v1.StopSuperseded,
	reflect.TypeFor[v1.EndProof]():                  v1.EndFenced,
	reflect.TypeFor[metav1.ConditionStatus]():       metav1.ConditionUnknown,
	reflect.TypeFor[metav1.LabelSelectorOperator](): metav1.LabelSelectorOpIn,
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	if choice, ok := choices[v.Type()]; ok {
		v.Set(reflect.ValueOf(choice))
		return
	}
	moment := time.Date(2026, 1, 1, 0, 0, int(f.n), 0, time.UTC)
	switch v.Interface().(type) {
	case metav1.Time:
		v.Set(reflect.ValueOf(metav1.NewTime(moment)))
		return
	case metav1.MicroTime:
		v.Set(reflect.ValueOf(metav1.NewMicroTime(moment.Add(time.Duration(f.n) * time.Microsecond))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(f.n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Struct:
		for _, field := range v.Fields() {
			f.fill(field)
		}
	default:
		Expect(v.Kind()).To(BeNil(), "the filler does not know %s", v.Type())
	}
}

// full is a status with nothing left out, of a run that a restored hub has just found again.
func full() v1.RunStatus {
	var s v1.RunStatus
	new(filler).fill(reflect.ValueOf(&s).Elem())
	for i := range s.Attempts {
		s.Attempts[i].Number, s.History[i].Seq = int32(i+1), int64(i+1)
	}
	for i := range s.Conditions {
		s.Conditions[i].Type, s.Conditions[i].Reason = fmt.Sprintf("Type%d", i), fmt.Sprintf("Reason%d", i)
	}
	return s
}

// empties lists the fields of a value that are zero, by their path.
func empties(path string, v reflect.Value) []string {
	if v.IsZero() {
		return []string{path}
	}
	var out []string
	switch v.Kind() {
	case reflect.Struct:
		if v.Type().PkgPath() == "k8s.io/apimachinery/pkg/apis/meta/v1" && v.Type().Name() != "Condition" {
			return nil
		}
		for field, value := range v.Fields() {
			out = append(out, empties(path+"."+field.Name, value)...)
		}
	case reflect.Pointer:
		out = empties(path, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, empties(fmt.Sprintf("%s[%d]", path, i), v.Index(i))...)
		}
	default:
	}
	return out
}
