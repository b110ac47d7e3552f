package nodes

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

var csvColumns = []string{"sn", "cpu_milli", "memory_mib", "gpu", "model"}

// maxMemoryMiB keeps the number of bytes within an int64.
const maxMemoryMiB = 1 << 43

// fieldError names the place and the value of a malformed field.
type fieldError struct {
	file         string
	line, column int
	name, value  string
	expected     string
}

func (e fieldError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s is %q, expected %s", e.file, e.line, e.column, e.name, e.value, e.expected)
}

// csvFile is a node file being read; position holds the index of each column.
type csvFile struct {
	name     string
	reader   *csv.Reader
	position map[string]int
}

// readCSV reads a node file of the trace's form: a header line with sn,cpu_milli,memory_mib,gpu,model in any order, then
// a node a line. A malformed field is an error that names file, line, column, value and what was expected.
func readCSV(name string, input io.Reader, shape Shape) ([]*corev1.Node, error) {
	file := csvFile{name: name, reader: csv.NewReader(input)}
	if err := file.readHeader(); err != nil {
		return nil, err
	}
	seenAtLine := map[string]int{}
	var result []*corev1.Node
	for {
		record, err := file.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		row, err := file.parse(record)
		if err != nil {
			return nil, err
		}
		line, _ := file.reader.FieldPos(0)
		if first, seen := seenAtLine[row.name]; seen {
			return nil, file.fieldError("sn", row.name, fmt.Sprintf("a name of its own, line %d has it already", first))
		}
		seenAtLine[row.name] = line
		result = append(result, row.node(shape))
	}
	if len(result) == 0 {
		return nil, fmt.Errorf("%s: no nodes after the header line", name)
	}
	return result, nil
}

func (f *csvFile) readHeader() error {
	header, err := f.read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: empty, expected the header %s", f.name, strings.Join(csvColumns, ","))
	}
	if err != nil {
		return err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	sorted := slices.Sorted(slices.Values(header))
	if !slices.Equal(sorted, slices.Sorted(slices.Values(csvColumns))) {
		return fmt.Errorf("%s:1: header is %q, expected the columns %s",
			f.name, strings.Join(header, ","), strings.Join(csvColumns, ","))
	}
	f.position = map[string]int{}
	for i, column := range header {
		f.position[column] = i
	}
	return nil
}

// read returns the next record, or an error that starts with file, line and column.
func (f *csvFile) read() ([]string, error) {
	record, err := f.reader.Read()
	var parseError *csv.ParseError
	if errors.As(err, &parseError) {
		return nil, fmt.Errorf("%s:%d:%d: %w", f.name, parseError.Line, parseError.Column, parseError.Err)
	}
	return record, err
}

func (f *csvFile) parse(record []string) (row, error) {
	var result row
	var err error
	result.name = record[f.position["sn"]]
	if len(validation.IsDNS1123Subdomain(result.name)) > 0 {
		return row{}, f.fieldError("sn", result.name, "a node name: lower-case letters, digits, '-' and '.'")
	}
	result.model = record[f.position["model"]]
	if len(validation.IsValidLabelValue(result.model)) > 0 {
		return row{}, f.fieldError("model", result.model, "a label value: at most 63 letters, digits, '-', '_' and '.'")
	}
	if result.cpuMilli, err = f.integer(record, "cpu_milli", 1<<53); err != nil {
		return row{}, err
	}
	if result.memoryMiB, err = f.integer(record, "memory_mib", maxMemoryMiB-1); err != nil {
		return row{}, err
	}
	if result.gpus, err = f.integer(record, "gpu", 1024); err != nil {
		return row{}, err
	}
	return result, nil
}

func (f *csvFile) integer(record []string, column string, most int64) (int64, error) {
	text := record[f.position[column]]
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 || value > most {
		return 0, f.fieldError(column, text, fmt.Sprintf("an integer from 0 to %d", most))
	}
	return value, nil
}

func (f *csvFile) fieldError(column, value, expected string) error {
	line, position := f.reader.FieldPos(f.position[column])
	return fieldError{file: f.name, line: line, column: position, name: column, value: value, expected: expected}
}
