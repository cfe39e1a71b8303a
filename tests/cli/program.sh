#!/usr/bin/env bash
# The program as its users run it: every command, every exit code, hostile arguments and folders.
. "$(dirname "$0")/prelude.sh"

# --- hostile input 61: the command line
expect 2 'subcommand is required' "$edvr"
expect 0 'Video restoration' "$edvr" --help
expect 0 'edvr 0.' "$edvr" --version
for c in restore info forward verify compare evaluate resize sheet convert; do expect 0 "Usage: edvr $c" "$edvr" $c --help; done
expect 2 'nonsense' "$edvr" nonsense
expect 2 '--nonsense' "$edvr" info --nonsense
expect 2 '--threads' "$edvr" info --threads 1 --threads 2
expect 2 '--threads' "$edvr" info --threads -1
expect 2 '--threads' "$edvr" info --threads 99999999999999999999
expect 2 '--threads' "$edvr" info --threads 1,5
expect 2 '--threads' "$edvr" info --threads 99999
expect 2 '--padding' "$edvr" restore -i a -o b --padding sideways
expect 2 '--output is required' "$edvr" restore -i a
expect 2 'WxH' "$edvr" info --size 320
expect 2 'WxH' "$edvr" info --size 0x5
expect 2 '--scale' "$edvr" resize -i "$clip/low" -o x --scale 0
expect 2 '--scale' "$edvr" resize -i "$clip/low" -o x --scale -1
expect 2 'one over a whole number' "$edvr" resize -i "$clip/low" -o x --scale 0.3 --kind bd
expect 3 'cannot be read' "$edvr" restore -i "$(printf 'x%.0s' {1..100000})" -o b
expect 2 'is empty' "$edvr" info -m ''
cp "$clip/low/00000000.png" ./-x.png
expect 0 '' "$edvr" resize -i -x.png -o tiny.png --scale 0.05
expect 0 '' "$edvr" sheet -o dashes.png -- -x.png
expect 0 'tiles of 4 x 4' "$edvr" restore -i tiny.png -o smallest.png -t 1
expect 2 'not' "$edvr" info -- -x
for n in 0xzz 0x10 1e1 '' 01025; do expect 2 '"; expected a whole number from 0 to 1024' "$edvr" info --threads "$n"; done
expect 0 '' "$edvr" info --threads 01024
expect 2 '--scale' "$edvr" restore -i "$small" -o x -s 0
for j in 0 99999 99999:1:1; do expect 2 'expected load:proc:save' "$edvr" restore -i "$small" -o x -j $j; done
expect 3 'standard output: cannot be written' bash -c "'$edvr' info >&-"
expect 2 'input: is empty' "$edvr" restore -i '' -o b
expect 2 'output: is empty' "$edvr" restore -i a -o ''
expect 2 'is empty' "$edvr" compare '' b
expect 2 'is empty' "$edvr" sheet a '' -o x.png

# --- models
expect 0 'EDVR_M_x4_SR_REDS' "$edvr" info -m random:edvr_m
expect 0 '3300131' "$edvr" info -m random:edvr_m --json
expect 0 '4 deformable convolutions instead of PCD, no TSA' "$edvr" info -m random:edvr_m_4dcn
expect 0 '"num_alignment_dcn": 1' "$edvr" info -m random:edvr_m_1dcn --json
expect 4 'no such random model' "$edvr" info -m random:nothing
expect 4 'no such file' "$edvr" info -m nothing.pth
expect 4 'is a folder' "$edvr" info -m "$clip"
expect 4 'neither a PyTorch file' "$edvr" info -m "$source/CMakeLists.txt"
expect 0 'original (2019) names' "$edvr" info -m "$golden/net_e.old_raw_legacy.pth"
expect 4 'holds no params_ema, only params; leave --key out' "$edvr" info -m "$golden/net_a.params_zip.pth" --key params_ema
expect 4 'holds no params_ema' "$edvr" info --key params_ema
expect 0 'params_ema' "$edvr" info -m "$golden/net_c.params_and_ema_zip.pth" --key params_ema
expect 4 'center_frame_idx = 7' "$edvr" info --center 7
for m in edvr_m edvr_l edvr_l_deblur edvr_stage2_sr; do expect 0 winograd "$edvr" info -m random:$m; done
check [ "$("$edvr" info -m random:edvr_m | grep -cE ' (winograd|direct) ')" = 72 ]
for isa in baseline avx2 avx512 avx512_bf16; do
  if EDVR_ISA=$isa "$edvr" info -m random:edvr_m >/dev/null 2>&1; then
    check [ "$(EDVR_ISA=$isa "$edvr" info -m random:edvr_m | grep -c ", $isa kernels")" = 1 ]
  else
    echo "skipped: this processor cannot run $isa"
    check grep -q "this processor cannot run $isa" <(EDVR_ISA=$isa "$edvr" info -m random:edvr_m 2>&1)
  fi
done
check grep -q 'EDVR_ISA is "sse9"; expected automatic, baseline, avx2, avx512 or avx512_bf16' <(EDVR_ISA=sse9 "$edvr" info -m random:edvr_m 2>&1)

# --- restore
expect 0 '3 frames in' "$edvr" restore -i "$small" -o out --frames 2:5 --stats --threads 2
check [ "$(ls out | tr '\n' ' ')" = '00000002.png 00000003.png 00000004.png ' ]
expect 3 'exists; remove it' "$edvr" restore -i "$small" -o out --frames 2:5
expect 0 '' "$edvr" restore -i "$small" -o out --frames 2:5 --overwrite --threads 1
expect 0 '' "$edvr" restore -i "$small/%08d.png" -o 'pattern/f%03d.png' --frames 2:5 --progress none
for i in 2 3 4; do expect 0 'equal' "$edvr" compare out/0000000$i.png pattern/f00$i.png; done
expect 0 'note: the clip has only 1 frame;' "$edvr" restore -i "$small/00000000.png" -o one.png
check [ -s one.png ]
expect 0 'frames/s' "$edvr" restore -i "$small/00000000.png" -o bar.png --progress bar
expect 2 'selects nothing' "$edvr" restore -i "$small" -o x --frames 5:5
expect 2 'selects nothing' "$edvr" restore -i "$small" -o x --frames 5:99
expect 2 'is not A:B' "$edvr" restore -i "$small" -o x --frames 5
check [ ! -e x ]
expect 0 '' "$edvr" restore -i "$small/00000000.png" -o ens.png --ensemble --padding replicate --spatial-padding replicate
expect 1 'DIFFERENT' "$edvr" compare one.png ens.png
expect 4 'the second model enlarges' "$edvr" restore -i "$small" -o two --stage2 "$golden/net_a.raw_zip.pth" --frames 0:1
expect 0 '' "$edvr" restore -i "$small" -o two --stage2 "$golden/net_e.old_raw_legacy.pth" --frames 0:1 --allow-nonfinite
# A key and a centre are the first model's alone (net_c has seven frames and params_ema, the second five and neither).
expect 0 '' "$edvr" restore -i "$small/00000000.png" -o c3.png -m "$golden/net_c.params_and_ema_zip.pth" --key params_ema --center 5 --stage2 "$golden/net_e.old_raw_legacy.pth"
expect 4 'nothing.pth: no such file' "$edvr" restore -i "$small" -o unplanned --stage2 nothing.pth
check [ ! -e unplanned ]
cp "$golden/net_a.raw_zip.pth" mine.png && expect 3 'would overwrite the weights' "$edvr" restore -i "$small/00000000.png" -o mine.png -m mine.png --overwrite
"$edvr" restore -i "$large" -o stopped --progress none &
for i in $(seq 600); do [ -e stopped/00000000.png ] && break; sleep 0.05; done
kill -INT $!; wait $!; code=$?
check [ $code = 130 ]
check [ -z "$(find stopped -name '*.partial')" ]

[ ! -e /dev/full ] || expect 3 'standard output: cannot be written' bash -c "'$edvr' --help > /dev/full"

# --- hostile input 55: frame folders
mkdir empty 'with space' gap mixed hidden natural
expect 3 'holds no .png' "$edvr" restore -i empty -o x
cp "$clip/low/00000000.png" 'with space/-a "quoted".png'
expect 0 '' "$edvr" restore -i 'with space' -o 'out put'
check [ -s 'out put/-a "quoted".png' ]
cp "$clip/low/00000000.png" gap/f1.png && cp "$clip/low/00000001.png" gap/f3.png
expect 0 'jump from 1 to 3' "$edvr" resize -i gap -o gap_out
cp "$clip/low/00000000.png" mixed/0.png && cp "$clip/truth/00000001.png" mixed/1.png
expect 3 'mixed/1.png: frame 1 has shape (3, 320, 448); expected (3, 80, 112)' "$edvr" restore -i mixed -o mixed_out
cp "$clip/low/00000000.png" hidden/.a.png && touch hidden/Thumbs.db && cp "$clip/low/00000000.png" hidden/a.png
expect 0 '' "$edvr" resize -i hidden -o hidden_out --scale 0.5
check [ "$(ls -A hidden_out)" = a.png ]
for i in 9 10 100; do cp "$clip/low/00000000.png" natural/frame$i.png; done
check [ "$("$edvr" evaluate -i natural -r natural | head -3 | awk '{print $1}' | tr '\n' ' ')" = 'frame9.png frame10.png frame100.png ' ]
expect 3 'would overwrite an input frame' "$edvr" restore -i natural -o natural --overwrite
ln -s loop loop 2>/dev/null
expect 3 'cannot be read' "$edvr" restore -i loop -o x
touch a_file
expect 3 'is a file; expected a folder' "$edvr" restore -i "$clip/low" -o a_file
expect 3 'two frames would be written' bash -c "mkdir same && cp '$clip/low/00000000.png' same/a.png && cp '$clip/low/00000000.png' same/a.PNG && '$edvr' restore -i same -o same_out"
cp -r "$small" '50%' && expect 0 '' "$edvr" resize -i '50%' -o '60%/x' --scale 1
check [ -s '60%/x/00000000.png' ]
expect 0 '' "$edvr" resize -i '50%/%08d.png' -o '60%' --scale 1
expect 3 'expected one %d, in the file name' "$edvr" resize -i 'x%d/y.png' -o x
mkdir jpegs && cp "$golden/pictures/progressive.jpg" jpegs/0.jpg
expect 3 'is the folder of the input frames' "$edvr" restore -i jpegs -o jpegs
for name in b.webp b.y4m; do expect 3 'pictures are written as PNG' "$edvr" resize -i jpegs -o $name; check [ ! -e $name ]; done
expect 3 'expected sides of at most 16384' "$edvr" resize -i "$clip/truth" -o x --scale 64
long=$(printf 'n%.0s' $(seq 245)) && mkdir long && cp "$small/00000000.png" long/$long.png
expect 0 '' "$edvr" restore -i long -o long_names/in/folders
check [ "$(ls long_names/in/folders)" = $long.png ]
expect 0 '' "$edvr" restore -i long -o long_streams/in/folders/$long.y4m
check [ "$(ls long_streams/in/folders)" = $long.y4m ]
mkdir -p taken/00000002.png && ln -s nowhere taken/00000001.png
expect 3 '00000001.png: is a link to nothing' "$edvr" restore -i "$small" -o taken --frames 0:2
expect 3 '00000002.png: is a folder, pipe or device' "$edvr" restore -i "$small" -o taken --frames 2:4 --overwrite
check [ "$(ls taken | tr '\n' ' ')" = '00000001.png 00000002.png ' ]
mkdir accents && for n in é a z; do cp "$small/00000000.png" accents/$n.png; done
check [ "$("$edvr" evaluate -i accents -r accents | head -3 | awk '{print $1}' | tr '\n' ' ')" = 'a.png z.png é.png ' ]
touch restore.y4m
for o in restore.y4m -; do expect 3 'is a y4m stream, which edvr restore takes' "$edvr" evaluate -i $o -r "$clip/low" < /dev/null; done
expect 3 'only edvr restore writes to standard output' "$edvr" resize -i "$clip/low" -o - --scale 1
check [ ! -e - ]
for o in x.pth x -; do expect 3 'expected a name that ends in .safetensors' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.io.safetensors" -o $o; done
expect 3 'is neither safetensors nor .npz' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$clip/low/00000000.png" -o x.npy
for kind in legacy zip; do expect 3 'edvr convert makes safetensors' "$edvr" compare "$golden/pth_sampler.$kind.pth" "$golden/pth_sampler.$kind.pth"; done
expect 0 '' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.io.safetensors" -o new/folder/x.npz
ln -s nowhere dangling.npz && ln -s nowhere dangling.y4m
expect 3 'dangling.npz: is a link to nothing' "$edvr" convert -m "$golden/net_a.raw_zip.pth" -o dangling.npz
expect 3 'dangling.y4m: is a link to nothing' "$edvr" restore -i "$small" -o dangling.y4m --overwrite
mkdir long_numbers && cp "$small/00000000.png" long_numbers/00000000000000000007.png && cp "$small/00000001.png" long_numbers/123456789012345678.png
expect 0 '' "$edvr" resize -i 'long_numbers/%020d.png' -o 'long_out/%020d.png' --scale 0.5
expect 0 '' "$edvr" resize -i 'long_numbers/%d.png' -o 'long_out/%d.png' --scale 0.5
check [ "$(ls long_out | tr '\n' ' ')" = '00000000000000000007.png 123456789012345678.png ' ]
mkdir -p with_folder/00000001.png && cp "$small/00000000.png" with_folder/
expect 3 'with_folder/00000001.png: is a folder; expected a file' "$edvr" restore -i with_folder -o with_folder_out
mkdir tiny && "$edvr" resize -i "$small/00000000.png" -o tiny/00000000.png --scale 0.1
expect 3 'would overwrite an input' "$edvr" sheet tiny/00000000.png -o tiny/00000000.png --overwrite
expect 3 'tiny/00000000.png: ' "$edvr" evaluate -i tiny -r tiny
expect 3 'not a frame pattern' "$edvr" restore -i 'x%s.png' -o x
expect 3 'expected one %d' "$edvr" restore -i 'x%d%d.png' -o x
expect 3 'no file matches' "$edvr" restore -i 'natural/%d.png' -o x
expect 3 'outputs are PNG' "$edvr" restore -i natural -o 'x/%d.jpg'
printf 'GIF89a' > natural/frame101.png
expect 3 'frame101.png: is neither PNG nor JPEG' "$edvr" restore -i natural -o natural_out
bash -c "printf 'x\xffy' >/dev/null; cp '$clip/low/00000000.png' \$'hidden/na\xffme.png'" 2>/dev/null && expect 0 '' "$edvr" resize -i hidden -o hidden2_out --scale 0.5
# A disk of 64 kB that is full, with what was there before still there and no rest of what did not fit.
if unshare -rm bash -c 'mkdir -p disk && mount -t tmpfs -o size=64k tmpfs disk' 2>/dev/null; then
  on_small_disk() { unshare -rm bash -c 'mount -t tmpfs -o size=64k tmpfs disk; echo before > disk/before; "$@"; code=$?; [ "$(ls -A disk)" = before ] || code=77; exit $code' - "$@"; }
  expect 3 'disk/x.png: cannot be written (No space left on device)' on_small_disk "$edvr" resize -i "$clip/truth/00000000.png" -o disk/x.png --scale 1
  expect 3 'disk/x.y4m: cannot be written (No space left on device)' on_small_disk "$edvr" restore -i "$small" -o disk/x.y4m
  expect 3 'disk/x.npz: cannot be written (No space left on device)' on_small_disk "$edvr" convert -o disk/x.npz
  expect 3 'disk/x.safetensors: cannot be written (No space left on device)' on_small_disk "$edvr" convert -o disk/x.safetensors
else
  echo 'skipped: no disk of our own to be had here'
fi
mkdir locked && chmod 555 locked
stranger=()  # root may write everywhere: somebody else tries
[ "$(id -u)" != 0 ] || stranger=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${stranger[@]}" "$edvr" info >/dev/null 2>&1 && "${stranger[@]}" test -r "$clip/low/00000000.png"; then
  expect 3 'locked/x: cannot be made (Permission denied)' "${stranger[@]}" "$edvr" restore -i "$clip/low" -o locked/x --frames 0:1
  expect 3 'locked: cannot be written to (Permission denied)' "${stranger[@]}" "$edvr" resize -i "$clip/low/00000000.png" -o locked/x.png --scale 0.5
else
  echo 'SKIPPED: folders that may not be written; nobody but root can run the program here'
fi
expect 3 'cannot be made' "$edvr" restore -i "$clip/low" -o /proc/nothing/x --frames 0:1

# --- numerics: a frame that is not finite is named, no picture is written
patch "$golden/net_a.weights.safetensors" nan.safetensors conv_last.bias '\x00\x00\xc0\x7f'
expect 4 'conv_last.bias (1 of 3)' "$edvr" restore -i "$small" -o nan -m nan.safetensors --frames 1:2
expect 6 'low: frame 1:' "$edvr" restore -i "$small" -o nan -m nan.safetensors --frames 1:2 --allow-nonfinite
check [ -d nan ]; check [ -z "$(ls nan)" ]
patch "$golden/net_a.weights.safetensors" large.safetensors conv_first.bias '\x00\x50\xc3\x47'  # 100000: more than float16 holds
expect 0 '' "$edvr" restore -i "$small" -o large -m large.safetensors --frames 0:1
expect 6 'low: frame 0:' "$edvr" restore -i "$small" -o large16 -m large.safetensors --frames 0:1 --precision float16
check [ -d large16 ]; check [ -z "$(ls large16)" ]

# --- forward, compare, convert
expect 0 '' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.io.safetensors" -o fwd.safetensors --dump --precision float64
expect 1 'only in' "$edvr" compare fwd.safetensors "$golden/net_a.io.safetensors" --atol 1e-6
"$edvr" compare fwd.safetensors "$golden/net_a.io.safetensors" --atol 1e-6 > cmp.txt
for t in output mid.feat_l1 mid.aligned mid.fusion mid.reconstruction; do check grep -q "^$t: .*max abs" cmp.txt; check [ "$(grep "^$t: " cmp.txt | grep -c DIFFERENT)" = 0 ]; done
for t in offset.l1 offset.l2 offset.l3 offset.cascade mask.l1 mask.cascade temporal_attention spatial_attention; do check grep -q "^mid.$t: only" cmp.txt; done
cp "$golden/net_a.weights.safetensors" kept.safetensors
expect 3 'would overwrite the input' "$edvr" forward -m kept.safetensors -i "$golden/net_a.io.safetensors" -o kept.safetensors --overwrite
check cmp kept.safetensors "$golden/net_a.weights.safetensors"
expect 0 '' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.clip7.safetensors" -o clip.safetensors
expect 2 'takes an input of rank 5' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.clip7.safetensors" -o x.safetensors --dump
expect 3 'holds no tensor "input"' "$edvr" forward -i "$golden/net_a.weights.safetensors" -o x.safetensors
expect 3 'because the model takes 5 frames' "$edvr" forward -i "$golden/net_c.io.safetensors" -o x.safetensors
expect 0 '100 tensors' "$edvr" convert -m "$golden/net_e.old_raw_legacy.pth" -o converted.safetensors 
expect 0 '' "$edvr" forward -m converted.safetensors -i "$golden/net_e.io.safetensors" -o e1.safetensors
expect 0 '' "$edvr" forward -m "$golden/net_e.old_raw_legacy.pth" -i "$golden/net_e.io.safetensors" -o e2.safetensors
expect 0 'equal' "$edvr" compare e1.safetensors e2.safetensors
expect 3 'exists' "$edvr" convert -o converted.safetensors
expect 3 'cannot be written' "$edvr" convert -o /nowhere/x.safetensors
expect 1 'shapes differ' "$edvr" compare "$clip/low/00000000.png" "$clip/truth/00000000.png"
expect 0 'equal' "$edvr" compare "$clip/low/00000000.png" "$clip/low/00000000.png"
expect 1 'max abs' "$edvr" compare "$clip/low/00000000.png" "$clip/low/00000001.png"
expect 0 'max abs' "$edvr" compare "$clip/low/00000000.png" "$clip/low/00000001.png" --atol 255
expect 3 'no such file' "$edvr" compare nothing "$clip/low/00000001.png"

# --- verify: passes, notices one moved value, and files without a known case
expect 0 ' 0 results beyond' "$edvr" verify "$golden/net_a.io.safetensors" --precision float32
patch "$golden/ops_misc.safetensors" moved.safetensors relu_a/output '\x6f\x12\x83\x3a'
expect 1 'FAIL moved.safetensors' "$edvr" verify moved.safetensors
sed 's/{\\"op\\": \\"relu\\"}/{\\"op\\": \\"rolu\\"}/' "$golden/ops_misc.safetensors" > unknown.safetensors
expect 3 'unknown op "rolu"' "$edvr" verify unknown.safetensors
expect 3 'no known case' "$edvr" verify "$golden/net_a.weights.safetensors"
expect 3 'names no case' "$edvr" verify "$source/examples/edvr/model/edvr_xs_x4.safetensors"
expect 3 'holds no golden file' "$edvr" verify empty
expect 4 'net_a.nothing.pth: no such file' "$edvr" verify "$golden/net_a.io.safetensors" -m "$golden/net_a.nothing.pth"
python3 - <<'END'
import json, struct
def case(path, name, **attributes):  # one number in, one expected
    head = {'__metadata__': {name: json.dumps(attributes)}}
    for i, t in enumerate(['input', 'weight', 'output']):
        head[f'{name}/{t}'] = {'dtype': 'F32', 'shape': [1, 1, 1, 1], 'data_offsets': [4 * i, 4 * i + 4]}
    h = json.dumps(head).encode()
    open(path, 'wb').write(struct.pack('<Q', len(h)) + h + 3 * struct.pack('<f', 1))
case('vast_scale.safetensors', 'c', op='upsample_bilinear', scale=100000)
case('vast_padding.safetensors', 'c', op='conv2d', padding=100000)
case('escape.safetensors', '\x1b[31mX\u009b', op='relu')
case('elsewhere.safetensors', 'c', op='reader', files=['/etc/hostname'])
END
for v in scale padding; do expect 1 'FAIL vast' "$edvr" verify vast_$v.safetensors; done
expect 0 '?[31mX??/output' "$edvr" verify escape.safetensors
expect 3 'expected the name of a file beside' "$edvr" verify elsewhere.safetensors
expect 0 'psnr_rgb_crop0' "$edvr" verify --precision float32 "$golden/metrics.safetensors"
cp "$golden/net_a.io.safetensors" .
expect 4 'no such file' "$edvr" verify net_a.io.safetensors
expect 0 ' 0 results' "$edvr" verify net_a.io.safetensors -m "$golden/net_a.raw_zip.pth"

expect 3 'one picture for 11 frames' "$edvr" restore -i "$clip/low" -o all.png
expect 3 'exists' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.clip7.safetensors" -o clip.safetensors
expect 3 'ends in .safetensors or .npz' "$edvr" convert -o /dev/null --overwrite
mkdir folder.npz && expect 3 'expected the name of a file to write' "$edvr" convert -o folder.npz --overwrite

# --- evaluate, resize, sheet
expect 0 'mean' "$edvr" evaluate -i out -r out
check [ "$("$edvr" evaluate -i "$large" -r "$large" | tail -1 | grep -c inf)" = 1 ]
expect 0 '"psnr"' "$edvr" evaluate -i out/00000003.png -r "$large/00000003.png" --luma --crop 4 --json
expect 3 'expected one reference for each' "$edvr" evaluate -i out -r "$clip/truth"
expect 3 'expected the same size' "$edvr" evaluate -i "$clip/low" -r "$clip/truth"
expect 3 'something left' "$edvr" evaluate -i "$clip/low" -r "$clip/low" --crop 100
expect 0 '' "$edvr" resize -i "$clip/truth" -o quarter --scale 0.25
for i in 0 5; do expect 0 'equal' "$edvr" compare quarter/0000000$i.png "$clip/low/0000000$i.png"; done
expect 0 '' "$edvr" resize -i "$clip/truth/00000000.png" -o bd.png --scale 0.25 --kind bd
expect 0 '' "$edvr" sheet "$clip/low/00000000.png" one.png -o sheet.png --labels low restored
check [ -s sheet.png ]
expect 2 'expected one each' "$edvr" sheet one.png -o s.png --labels a b
"$edvr" info > /dev/full 2> full.txt
check [ $? = 3 ]

# --- a memory budget: other bands and no cache, the same picture but for rounding; too little is an error that says how much is needed
last=$([ -n "${EDVR_SANITIZED:-}" ] && echo 4 || echo 5) # of the frames restored here
expect 0 '' "$edvr" restore -i "$clip/low" -o budget_none --frames 4:$((last + 1))
expect 0 '' "$edvr" restore -i "$clip/low" -o budget_all --frames 4:$((last + 1)) --max-memory 4000
"$edvr" restore -i "$clip/low" -o budget_tight --frames 4:$((last + 1)) --max-memory 60 --stats 2> budget.txt; check [ $? = 0 ]
[ -n "${EDVR_SANITIZED:-}" ] || check [ "$(sed -n 's/.*peak memory \([0-9]*\) MiB.*/\1/p' budget.txt)" -le 66 ]  # about
expect 0 '' "$edvr" restore -i "$clip/low" -o budget_plain --frames 4:$((last + 1)) --no-cache --no-split
for i in $(seq 4 $last); do
  expect 0 'equal' "$edvr" compare budget_none/0000000$i.png budget_all/0000000$i.png
  expect 0 '' "$edvr" compare budget_none/0000000$i.png budget_tight/0000000$i.png --atol 1
  expect 0 '' "$edvr" compare budget_none/0000000$i.png budget_plain/0000000$i.png --atol 1
done
expect 3 'MiB for tensors at least; ' "$edvr" restore -i "$clip/low" -o budget_no --frames 4:6 --max-memory 20
check [ ! -e budget_no ]
expect 2 'max-memory' "$edvr" restore -i "$clip/low" -o budget_no --max-memory 60 --stage2 x.pth
expect 0 '' "$edvr" restore -i "$clip/low" -o deep --frames 4:5 --bits 16
[ -n "${EDVR_SANITIZED:-}" ] || expect 0 'no features are kept' "$edvr" restore -i "$clip/low" -o budget_note --frames 4:5 --max-memory 46 --threads 2
mkdir pair && cp "$small"/0000000[01].png pair/
expect 0 $'\nedvr: note: the clip has only 2 frames' "$edvr" restore -i pair -o pair_out --progress bar
beside() { "$edvr" restore "$@" -o budget_no --max-memory 20 2>&1 | sed -n 's/.*besides \([0-9]*\) MiB.*/\1/p'; }
check [ "$(beside -i deep)" -gt "$(beside -i deep --bits 8)" ]  # what follows from 16-bit frames has 16 bits
check [ "$(beside -i deep)" = "$(beside -i deep --bits 16)" ]

# --- tiles, if asked: less memory, nearly the same picture
if [ -z "${EDVR_SANITIZED:-}" ]; then
  "$edvr" resize -i "$clip/truth" -o halved --scale 0.5
  expect 0 '' "$edvr" restore -i halved -o budget_whole --frames 5:6
  expect 3 'Allow more, or tiles' "$edvr" restore -i halved -o budget_no --frames 5:6 --max-memory 66
  expect 0 'overlapping by 32 pixels' "$edvr" restore -i halved -o budget_tiles --frames 5:6 --max-memory 66 --tiles
  decibels budget_tiles budget_whole 90
  expect 0 '' "$edvr" compare budget_tiles/00000005.png budget_whole/00000005.png --atol 1
  expect 5 'not enough memory' bash -c "ulimit -v 300000; exec '$edvr' restore -m random:edvr_l -i '$clip/truth' -o big --frames 0:1"
fi
expect 2 'max-memory' "$edvr" restore -i "$clip/low" -o budget_no --tiles
expect 3 'MiB for tensors at least; 0 MiB' "$edvr" restore -i "$clip/low" -o budget_no --frames 4:6 --max-memory 13 --tiles

# --- tensor files of NumPy
expect 0 '' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.clip7.safetensors" -o clip.npz
expect 0 'equal' "$edvr" compare clip.npz clip.safetensors
expect 0 '' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.clip7.safetensors" -o clip.npy
expect 0 '100 tensors' "$edvr" convert -m "$golden/net_e.old_raw_legacy.pth" -o converted.npz
expect 0 'NumPy npz' "$edvr" info -m converted.npz
expect 0 '' "$edvr" forward -m converted.npz -i "$golden/net_e.io.safetensors" -o e3.safetensors
expect 0 'equal' "$edvr" compare e1.safetensors e3.safetensors
expect 3 'would overwrite the input' "$edvr" forward -i clip.npy -o clip.npy --overwrite
expect 3 'would overwrite the input' "$edvr" convert -m converted.npz -o converted.npz --overwrite
expect 3 'ends in .safetensors or .npz' "$edvr" convert -o converted.pth
expect 2 'take an input of rank 4' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.io.safetensors" -o x.npz --padding circle
expect 2 '--center' "$edvr" convert -m "$golden/net_a.raw_zip.pth" -o x.npz --center 0
expect 2 'npy holds one' "$edvr" forward -m "$golden/net_a.raw_zip.pth" -i "$golden/net_a.io.safetensors" -o x.npy --dump
expect 3 'Python objects' "$edvr" compare "$golden/numpy/object.npy" clip.npy

# --- 16 bits: above 50 dB beside float32 on the bundled clip
part=${EDVR_SANITIZED:+--frames 5:6}
expect 0 '' "$edvr" restore -i "$small" -o precise $part
[ -n "${EDVR_SANITIZED:-}" ] || check awk -v mean="$("$edvr" evaluate -i precise -r "$clip/truth" | awk '$1 == "mean" { print $3 }')" 'BEGIN { exit !(mean > 25.9) }'  # bicubic: 25.1
expect 0 '' "$edvr" restore -i "$small" -o half --precision bfloat16 $part
expect 2 'precision' "$edvr" restore -i "$clip/low" -o x --precision float8
for d in tpu cuda: cuda:x cuda:1234; do expect 2 'expected cpu, cuda or cuda:N' "$edvr" restore -i "$clip/low" -o x --device $d; done
expect 2 'a GPU computes in float32' "$edvr" restore -i "$clip/low" -o x --device cuda --precision bfloat16
if "$edvr" info | grep -q '^GPUs *built without CUDA'; then expect 7 'configure with -DEDVR_CUDA=ON' "$edvr" restore -i "$clip/low" -o refused --device cuda; check test ! -e refused; fi
decibels half precise 50
expect 0 '' "$edvr" restore -i "$small" -o half16 --precision float16 $part
decibels half16 precise 65
expect 2 'a GPU computes in float32' "$edvr" restore -i "$clip/low" -o x --device cuda --precision float16
expect 1 'DIFFERENT' "$edvr" compare half/00000005.png precise/00000005.png  # or nothing was rounded

# --- memory: what info foresees is what restore takes, within 15 %, at two sizes (not under sanitizers, whose own memory dwarfs ours)
if [ -z "${EDVR_SANITIZED:-}" ]; then
  for size in 112x80:$clip/low 224x160:halved; do
    for precision in float32:memory_bytes bfloat16:memory_bytes_bfloat16; do
      "$edvr" restore -m random:edvr_m -i "${size#*:}" -o "memory_${size%%:*}" --overwrite --frames 5:6 --precision "${precision%%:*}" --stats 2> stats.txt
      measured=$(sed -n 's/.*peak memory \([0-9]*\) MiB.*/\1/p' stats.txt)
      foreseen=$("$edvr" info -m random:edvr_m --size "${size%%:*}" --json | sed -n "s/ *\"${precision#*:}\": \([0-9]*\),/\1/p")
      checks=$((checks + 1))
      if ! awk -v m="$measured" -v f="$foreseen" 'BEGIN { r = f / 1048576 / m; exit !(r > 0.85 && r < 1.15) }'; then
        failures=$((failures + 1)); echo "FAILED: memory at ${size%%:*} in ${precision%%:*}: info says $((foreseen >> 20)) MiB, restore took $measured MiB"
      fi
    done
  done
fi

finish program
