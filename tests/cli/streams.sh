#!/usr/bin/env bash
# restore over long clips: y4m streams, going on after an interruption, jobs, the ncnn upscalers' letters, scenes.
. "$(dirname "$0")/prelude.sh"
# At half its size: this is about the way of frames, not about what the network makes of them.
if [ "$small" = "$clip/low" ]; then "$edvr" resize -i "$clip/low" -o half --scale 0.5 && small=$work/half; fi

# --- y4m streams: in a pipe as in a file, the same bits; header, rate and chroma carried through
expect 0 '' "$edvr" restore -i "$small" -o in.y4m -s 1 --rate 30000:1001 --chroma 420
for r in 24 24/1; do expect 0 '' "$edvr" restore -i "$small" -o rate.y4m --frames 0:1 --overwrite --rate $r; check grep -aq ' F24:1 ' rate.y4m; done
check [ "$(head -n 1 in.y4m | cut -d ' ' -f 4-7)" = 'F30000:1001 Ip A0:0 C420mpeg2' ]
expect 0 '' "$edvr" restore -i in.y4m -o file.y4m
"$edvr" restore -i - -o - < in.y4m > piped.y4m 2> said.txt; check [ $? = 0 ]; check [ ! -s said.txt ]
check cmp file.y4m piped.y4m
cat in.y4m | "$edvr" restore -i - -o - --stats 2> said.txt | cmp - file.y4m; check [ "${PIPESTATUS[*]}" = '0 0 0' ]
check grep -q '11 frames in' said.txt
check [ "$(head -n 1 file.y4m | cut -d ' ' -f 4-7)" = 'F30000:1001 Ip A0:0 C420mpeg2' ]
expect 0 '' "$edvr" restore -i in.y4m -o from_file
"$edvr" restore -i - -o from_pipe < in.y4m; check [ $? = 0 ]
check diff -r from_file from_pipe
check [ "$(ls from_pipe | head -n 2 | tr '\n' ' ')" = '00000000.png 00000001.png ' ]
# Part of a clip is that part of the whole clip's result.
expect 0 '' "$edvr" restore -i "$small" -o whole.y4m --bits 16 --frames 0:6
expect 0 '' "$edvr" restore -i "$small" -o part.y4m --bits 16 --frames 2:5
check cmp <(tail -c +"$(($(head -n 1 part.y4m | wc -c) + 1))" part.y4m) <(python3 -c "
data = open('whole.y4m', 'rb').read()
head = data.index(b'\\n') + 1
frame = (len(data) - head) // 6
import sys
sys.stdout.buffer.write(data[head + 2 * frame:head + 5 * frame])")
expect 0 '' "$edvr" restore -i in.y4m -o part_of_stream --frames 4:6
for i in 4 5; do check cmp part_of_stream/0000000$i.png from_file/0000000$i.png; done
expect 3 'exists; remove it' "$edvr" restore -i in.y4m -o part_of_stream --frames 4:6
expect 3 'exists; remove it' "$edvr" restore -i in.y4m -o file.y4m
expect 3 'would overwrite the input' "$edvr" restore -i in.y4m -o ./in.y4m --overwrite
expect 3 'has 11 frames; --frames wants them up to 99' "$edvr" restore -i in.y4m -o x.y4m --frames 9:99
check [ ! -e x.y4m ]
expect 2 'selects nothing' "$edvr" restore -i in.y4m -o x.y4m --frames 5:5
for o in --stage2=$golden/net_e.old_raw_legacy.pth --ensemble; do
  expect 0 '' "$edvr" restore -i in.y4m -o more_file.y4m $o --frames 0:2 --overwrite
  "$edvr" restore -i - -o - $o --frames 0:2 < in.y4m | cmp - more_file.y4m; check [ "${PIPESTATUS[*]}" = '0 0' ]
done
for kind in 'C444 --chroma 444' 'C422 --chroma 422' 'Cmono --chroma mono' 'C420p10 --chroma 420 --bits 10' 'C444p16 --chroma 444 --bits 16' 'Cmono12 --chroma mono --bits 12'; do
  expect 0 '' "$edvr" restore -i "$small" -o kind.y4m -s 1 --frames 0:2 --overwrite ${kind#* } --range full
  check [ "$(head -n 1 kind.y4m | cut -d ' ' -f 7-8)" = "${kind%% *} XCOLORRANGE=FULL" ]
  expect 0 '' "$edvr" restore -i kind.y4m -o kind2.y4m --overwrite
done
check [ "$(head -n 1 kind2.y4m | cut -d ' ' -f 7)" = Cmono12 ]
expect 2 '--rate' "$edvr" restore -i "$small" -o x.y4m --rate ''
for r in 25:0 nonsense 0:1 1.5 :; do expect 2 'expected whole numbers above 0' "$edvr" restore -i "$small" -o x.y4m --rate $r; done

# --- hostile inputs 56 to 59, in the program: streams that are cut off, readers that go away, no frames
head -c $(($(wc -c < in.y4m) - 100)) in.y4m > cut.y4m
expect 3 'the stream is cut off' "$edvr" restore -i cut.y4m -o cut_out.y4m
check [ -z "$(ls | grep cut_out)" ]
expect 3 'standard input: y4m stream is empty' "$edvr" restore -i - -o x
expect 3 'does not begin with YUV4MPEG2' bash -c "'$edvr' restore -i - -o x < '$clip/low/00000000.png'"
expect 3 'expected a number from 1 to 16384' bash -c "printf 'YUV4MPEG2 W-8 H8\nFRAME\n' | '$edvr' restore -i - -o -"
expect 3 'standard input: has no frames' bash -c "printf 'YUV4MPEG2 W16 H16 F25:1 Cmono\n' | '$edvr' restore -i - -o none.y4m"
expect 3 'ends before frame 100, where --frames begins' "$edvr" restore -i in.y4m -o none.y4m --frames 100:
check [ ! -e none.y4m ]
expect 3 'would overwrite the input' bash -c "'$edvr' restore -i - -o in.y4m --overwrite < in.y4m"
expect 3 'a sample of 65535 in a stream of 10 bits' bash -c "{ printf 'YUV4MPEG2 W16 H16 Cmono10\nFRAME\n'; head -c 512 /dev/zero | tr '\0' '\377'; } | '$edvr' restore -i - -o x.y4m"
expect 3 '16400 x 4 pixels; expected sides of at most 16384' bash -c "{ printf 'YUV4MPEG2 W4100 H1 Cmono\nFRAME\n'; head -c 4100 /dev/zero; } | '$edvr' restore -i - -o wide"
check [ ! -e wide ]
expect 3 'compressed video is ffmpeg' "$edvr" restore -i in.y4m -o out.mp4
expect 3 'compressed video is ffmpeg' "$edvr" restore -i out.MKV -o x
# Waits end (--foreground: one signal, not two, the second of which would kill): a producer that sends no more, with all frames there that are wanted; Ctrl-C while nothing comes, or nothing is taken.
mkfifo early && { { cat in.y4m; exec sleep 60; } > early 2>/dev/null & } && timeout 50 "$edvr" restore -i - -o early.y4m --frames 0:2 < early; check [ $? = 0 ]; kill $! 2>/dev/null
for wait in 'sleep 60 | timeout --foreground -s INT 1 EDVR restore -i - -o -' 'timeout --foreground -s INT 2 EDVR restore -i in.y4m -o - | sleep 60' 'timeout --foreground -s INT 1 EDVR restore -i silent.y4m -o x.y4m' 'timeout --foreground -s INT 2 EDVR restore -i in.y4m -o silent.y4m'; do
  [ -e silent.y4m ] || mkfifo silent.y4m
  : > said.txt  # what the one before said is not what this one says
  bash -c "set -m; ${wait//EDVR/$edvr}" >/dev/null 2>>said.txt &
  for i in $(seq 400); do grep -q interrupted said.txt && break; sleep 0.1; done  # a busy machine may be slow to stop
  check grep -q interrupted said.txt
  pkill -P $! sleep; pkill -x sleep -P "$(pgrep -P $! | head -n 1)" 2>/dev/null
done
"$edvr" restore -i "$large" -o hung_up.y4m --progress none &
for i in $(seq 600); do ls | grep -q hung_up && break; sleep 0.05; done
kill -HUP $!; wait $!; check [ $? = 130 ]
check [ -z "$(ls | grep -e partial -e hung_up)" ]
"$edvr" restore -i in.y4m -o closed.y4m --progress json 2>&-; check [ $? = 0 ]  # nothing that is said gets into what is written
check cmp closed.y4m file.y4m
cp in.y4m both.y4m && expect 3 'standard output: is the input' bash -c "'$edvr' restore -i - -o - < both.y4m >> both.y4m"
check cmp both.y4m in.y4m
expect 3 'cannot be written (File too large)' bash -c "ulimit -f 10; '$edvr' restore -i in.y4m -o too_large.y4m"
check [ -z "$(ls | grep too_large)" ]
head -c $(($(wc -c < in.y4m) * 55 / 110)) in.y4m > cut5.y4m && mkfifo stalled.y4m && { exec sleep 300 < stalled.y4m & }
expect 3 'the stream is cut off' timeout 100 "$edvr" restore -i cut5.y4m -o stalled.y4m -j 1:0:2  # said although its reader takes nothing
kill $! 2>/dev/null
"$edvr" restore -i in.y4m -o - 2> said.txt | head -c 1000 > head.bin; check [ "${PIPESTATUS[0]}" = 3 ]
check grep -q 'its reader has gone' said.txt
"$edvr" restore -i in.y4m -o - 2> said.txt > /dev/full; check [ $? = 3 ]
expect 3 'cannot be opened' "$edvr" restore -i nothing.y4m -o x
mkdir folder.y4m && expect 3 'is a folder' "$edvr" restore -i folder.y4m -o x
expect 3 'is a folder' "$edvr" restore -i in.y4m -o folder.y4m --overwrite
mkfifo pipe.y4m && { cat in.y4m > pipe.y4m & } && "$edvr" restore -i pipe.y4m -o from_fifo.y4m; check cmp from_fifo.y4m file.y4m
expect 3 'one picture for a stream' "$edvr" restore -i in.y4m -o one_of_many.png
expect 3 'outputs are PNG' "$edvr" restore -i in.y4m -o 'x/%d.jpg'

# --- going on after an interruption: what is there stays, the rest is what it would have been
expect 0 '' "$edvr" restore -i "$small" -o all
cp -r all some && rm some/00000002.png some/00000003.png some/00000007.png && touch -d '2001-01-01' some/*.png
expect 0 'frames were there already, 3 restored' "$edvr" restore -i "$small" -o some --resume
check diff -r all some
check [ "$(find some -newermt '2002-01-01' | grep -c png)" = 3 ]
expect 0 'every frame is there already' "$edvr" restore -i "$small" -o some --resume
expect 0 '' "$edvr" restore -i in.y4m -o gone && rm gone/00000006.png gone/00000008.png && touch -d '2001-01-01' gone/*.png
expect 0 '' "$edvr" restore -i in.y4m -o gone --resume
check diff -r gone from_file
check [ "$(find gone -newermt '2002-01-01' | grep -c png)" = 2 ]
mkdir sizes && cp "$small"/* sizes/ && "$edvr" resize -i sizes/00000000.png -o other.png --scale 0.5 && mv other.png sizes/00000000.png
expect 0 '' "$edvr" restore -i sizes -o all_but_one --frames 6:7
expect 0 'every frame is there already' "$edvr" restore -i sizes -o all_but_one --frames 6:7 --resume  # the size of frame 0 is nothing to it
check cmp all_but_one/00000006.png all/00000006.png
mkdir -p odd && : > odd/00000000.png
expect 3 'odd/00000000.png: is there, but is no whole RGB PNG of' "$edvr" restore -i "$small" -o odd --resume
"$edvr" restore -i "$small" -o odd2 -s 1 --frames 0:1
expect 3 'as this frame restored is' "$edvr" restore -i "$small" -o odd2 --resume
head -c 100 all/00000000.png > odd/00000000.png
expect 3 'is no whole RGB PNG of' "$edvr" restore -i "$small" -o odd --resume
cp all/00000000.png odd/ && dd if=/dev/zero of=odd/00000000.png bs=1 seek=500 count=900 conv=notrunc 2> /dev/null
expect 3 'odd/00000000.png: PNG has a wrong checksum' "$edvr" restore -i "$small" -o odd --resume
for i in "$small" in.y4m; do
  rm -f odd/* && mkfifo odd/00000000.png
  expect 3 'odd/00000000.png: is a' timeout 60 "$edvr" restore -i $i -o odd --resume
done
expect 0 'every frame is there already' "$edvr" restore -i in.y4m -o from_file --resume
head -n 1 in.y4m > headed.y4m
for short in headed cut5; do expect 3 "$([ $short = headed ] && echo 'ends before frame 11, though the frames before it are there already' || echo 'is cut off')" "$edvr" restore -i $short.y4m -o from_file --resume; done
expect 0 'every frame is there already' "$edvr" restore -i in.y4m -o from_file --resume --frames 3:
mkdir later && : > later/00000005.png
expect 3 'later/00000005.png: is there, but is no whole RGB PNG of' "$edvr" restore -i in.y4m -o later --resume  # behind a gap
expect 3 'ends before frame 100, where --frames begins' "$edvr" restore -i in.y4m -o none --resume --frames 100:
expect 2 'expected pictures as output' "$edvr" restore -i in.y4m -o x.y4m --resume
expect 2 'overwrite' "$edvr" restore -i "$small" -o some --resume --overwrite

# --- 16-bit pictures in and out; jobs; progress for programs; letters of the ncnn upscalers
expect 0 '' "$edvr" restore -i "$small" -o deep --bits 16 --frames 0:1
mkdir eight && cp all/00000000.png eight/ && decibels deep eight 55
for m in auto bt601 bt709; do expect 0 '' "$edvr" restore -i "$small" -o matrix_$m.y4m --matrix $m --chroma 444 --frames 0:1; done
check cmp matrix_auto.y4m matrix_bt601.y4m  # under 720 lines
check [ "$(cmp matrix_auto.y4m matrix_bt709.y4m 2>&1 | grep -c differ)" = 1 ]
# The same rule and options say how a stream is read: BT.709 from 720 lines on, the header's range.
for lines in 48 720; do
  python3 -c "import sys; sys.stdout.buffer.write(b'YUV4MPEG2 W4 H$lines F25:1 C444\nFRAME\n' + bytes(37 * i % 200 + 20 for i in range(12 * $lines)))" > colors.y4m
  for o in matrix=auto matrix=bt601 matrix=bt709; do expect 0 '' "$edvr" restore -i colors.y4m -o $lines.$o -s 1 --$o; done
  [ $lines = 720 ] || for o in range=auto range=limited range=full; do expect 0 '' "$edvr" restore -i colors.y4m -o $lines.$o -s 1 --$o; done
done
check diff -r 48.matrix=auto 48.matrix=bt601
check diff -r 720.matrix=auto 720.matrix=bt709
check diff -r 48.range=auto 48.range=limited
for o in 48.matrix=bt709 48.range=full; do expect 1 DIFFERENT "$edvr" compare 48.matrix=auto/00000000.png $o/00000000.png; done
expect 1 DIFFERENT "$edvr" compare 720.matrix=bt601/00000000.png 720.matrix=bt709/00000000.png
check [ "$(od -An -j 24 -N 1 -t u1 deep/00000000.png | tr -d ' ')" = 16 ]
expect 0 '' "$edvr" restore -i deep -o deep_again -s 1
check [ "$(od -An -j 24 -N 1 -t u1 deep_again/00000000.png | tr -d ' ')" = 16 ]
mkdir depths && cp "$small/00000000.png" depths/0.png && "$edvr" resize -i deep/00000000.png -o depths/1.png --scale 0.25
expect 0 '' "$edvr" restore -i depths -o depths_out  # the first one's
for i in 0 1; do check [ "$(od -An -j 24 -N 1 -t u1 depths_out/$i.png | tr -d ' ')" = 8 ]; done
expect 0 'PSNR      inf' "$edvr" evaluate -i deep -r deep
decibels deep deep_again 25
expect 0 '' "$edvr" resize -i deep -o deep_small --scale 0.5
check [ "$(od -An -j 24 -N 1 -t u1 deep_small/00000000.png | tr -d ' ')" = 16 ]
expect 0 '' "$edvr" sheet deep/00000000.png -o deep_sheet.png
expect 2 'for results that are y4m' "$edvr" restore -i "$small" -o x --rate 25
expect 2 'are for y4m, in or out' "$edvr" restore -i "$small" -o x --matrix bt709
expect 2 'PNG has 8 or 16' "$edvr" restore -i "$small" -o x --bits 12
for j in 1:1:1 4:2:3; do expect 0 '' "$edvr" restore -i "$small" -o jobs -j $j --overwrite; check diff -r jobs all; done
expect 0 '' "$edvr" restore -i "$small" -o jobs -j 1:0:1 --overwrite
for j in 1 1:2 0:1:1 1:1:1:1 a:b:c 1:-2:1; do expect 2 'expected load:proc:save' "$edvr" restore -i "$small" -o x -j $j; done
expect 2 'leave one out' "$edvr" restore -i "$small" -o x -j 1:2:1 --threads 1
"$edvr" restore -i "$small" -o json --progress json --frames 0:2 2> json.txt; check [ $? = 0 ]
check python3 -c "
import json
lines = [json.loads(l) for l in open('json.txt')]
done = [l['frames_done'] for l in lines]
assert done == sorted(done) and done[-1] == 2 and lines[0]['frames'] == 2 and lines[0]['seconds_left'] is None and len(lines) > 4, lines"
expect 0 '' "$edvr" restore -i "$small" -o letters -s 2 -t 0 -n edvr_xs_x4 -g -1 -j 1:1:1 -f png --frames 0:1
check [ "$("$edvr" compare letters/00000000.png "$small/00000000.png" | grep -c 'shapes differ')" = 1 ]
expect 0 '' "$edvr" restore -i "$small" -o letters_x -x --frames 0:1
expect 1 'DIFFERENT' "$edvr" compare letters_x/00000000.png all/00000000.png
[ -n "${EDVR_SANITIZED:-}" ] || expect 0 'tiles of 64 x 64' "$edvr" restore -i "$clip/low" -o letters_t -t 64 --frames 0:1
[ -n "${EDVR_SANITIZED:-}" ] || expect 0 'tiles of 112 x 112, overlapping by 128' "$edvr" restore -i "$small" -o letters_t2 -t 112 --frames 0:1 --stage2 "$golden/net_e.old_raw_legacy.pth" --allow-nonfinite  # larger than the frames, smaller than the second stage's
expect 2 '--scale' "$edvr" restore -i "$small" -o x -s 5
expect 2 '--scale' "$edvr" restore -i "$small" -o x -s 3.5
expect 2 'the model enlarges 1 times' "$edvr" restore -i "$small" -o x -s 2 -m "$golden/net_e.old_raw_legacy.pth"
expect 2 '--tile' "$edvr" restore -i "$small" -o x -t -1
expect 2 '--name' "$edvr" restore -i "$small" -o x -n realesr-animevideov3
expect 2 '--format' "$edvr" restore -i "$small" -o x -f jpg
expect 2 '--gpu-id' "$edvr" restore -i "$small" -o x -g 0,1
if "$edvr" info | grep -q '^GPUs *built without CUDA'; then expect 7 'configure with -DEDVR_CUDA=ON' "$edvr" restore -i "$clip/low" -o refused -g 7; fi

# --- scenes: no window crosses a cut, wherever the run begins
mkdir cut dark
i=0
for f in "$small"/0000000[0-4].png; do cp "$f" cut/$i.png; i=$((i + 1)); done
python3 - <<'END'
import glob, re, struct, zlib
for k, path in enumerate(sorted(glob.glob('cut/*.png'))):  # the same scene, black: a picture of one colour
    data = open(path, 'rb').read()
    w, h = struct.unpack('>II', data[16:24])
    chunk = lambda t, d: struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d))
    rows = b''.join(b'\0' + bytes((x * y + k) % 40 for x in range(w) for c in range(3)) for y in range(h))
    open(f'cut/{k + 5}.png', 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
END
mkdir first second && cp cut/[0-4].png first && cp cut/[5-9].png second
expect 0 '' "$edvr" restore -i cut -o cut_scenes --scene-cut
expect 0 '' "$edvr" restore -i first -o cut_apart
expect 0 '' "$edvr" restore -i second -o cut_apart
check diff -r cut_scenes cut_apart
expect 0 '' "$edvr" restore -i cut -o cut_whole
for i in 4 5; do expect 1 'DIFFERENT' "$edvr" compare cut_whole/$i.png cut_apart/$i.png; done
for r in 3:6 5:7 6:8 7:10; do
  expect 0 '' "$edvr" restore -i cut -o cut_part --scene-cut 0.1 --frames $r --overwrite
done
for i in 3 4 5 6 7 8 9; do check cmp cut_part/$i.png cut_apart/$i.png; done
expect 0 '' "$edvr" restore -i cut -o cut_high --scene-cut 0.9
check diff -r cut_high cut_whole
expect 0 '' "$edvr" restore -i cut -o scenes.y4m -s 1 --scene-cut
python3 - <<'END'
data = open('scenes.y4m', 'rb').read()
head = data.index(b'\n') + 1
half = head + (len(data) - head) // 2
open('scene_1.y4m', 'wb').write(data[:half]), open('scene_2.y4m', 'wb').write(data[:head] + data[half:])
END
for s in scene_1 scene_2 scenes; do expect 0 '' "$edvr" restore -i $s.y4m -o $s.out.y4m --scene-cut; done
check cmp scenes.out.y4m <(cat scene_1.out.y4m; tail -c +$(($(head -n 1 scenes.out.y4m | wc -c) + 1)) scene_2.out.y4m)
for v in 0 nan 2 x; do expect 2 'scene-cut' "$edvr" restore -i cut -o x --scene-cut $v; done
mkdir swapped && cp cut/[0-2].png swapped && cp "$clip/truth/00000000.png" swapped/3.png
expect 3 'swapped/3.png: frame 3 has shape (3, 320, 448); expected' "$edvr" restore -i swapped -o x --scene-cut

finish streams
