// The page: asks for the channels every two seconds and shows what changed. Names are text, never markup.
'use strict';

const cards = new Map();
const $ = (root, selector) => root.querySelector(selector);
const text = (root, selector, value) => {
  const element = $(root, selector);
  if (element.textContent !== value) element.textContent = value;
};

/** Bits per second for people. */
function bitrate(bytes) {
  const bits = bytes * 8;
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(2)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

/** A span of milliseconds for people. */
function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, '0');
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function copy(button, source) {
  const done = () => {
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  };
  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    if (document.execCommand('copy')) done();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(source.textContent).then(done, select);
  else select();
}

function play(card) {
  if (card.playing) return;
  card.playing = true;
  const { video, button, image } = card;
  button.hidden = true;
  image.hidden = true;
  const start = () => video.play().catch(() => {});
  if (window.Hls && Hls.isSupported()) {
    const hls = new Hls({ liveSyncDurationCount: 2 });
    card.hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, start);
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      card.errors = (card.errors || 0) + 1;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else stop(card);
    });
    hls.loadSource(card.playlist);
    hls.attachMedia(video);
  } else {
    video.src = card.playlist;
    video.addEventListener('loadedmetadata', start, { once: true });
  }
}

function stop(card) {
  if (!card.playing) return;
  card.playing = false;
  if (card.hls) card.hls.destroy();
  card.hls = null;
  card.video.removeAttribute('src');
  card.video.load();
  card.button.hidden = false;
}

function makeCard(channel) {
  const root = $(document, '#channel').content.cloneNode(true).firstElementChild;
  const card = { root, video: $(root, 'video'), image: $(root, 'img'), button: $(root, '.play') };
  card.button.addEventListener('click', () => play(card));
  for (const button of root.querySelectorAll('.copy button')) {
    button.addEventListener('click', () => copy(button, $(button.parentElement, 'pre')));
  }
  root.dataset.channel = `${channel.bucket}/${channel.name}`;
  return card;
}

function numbers(channel, now) {
  const rows = [];
  const session = channel.session;
  if (session) {
    const { video, audio } = session;
    if (video) rows.push(['Video', `${video.codec} ${video.width}×${video.height}${video.frame_rate ? `, ${video.frame_rate} fps` : ''}, ${bitrate(video.bandwidth)}`]);
    if (audio) rows.push(['Audio', `${audio.codec} ${audio.sample_rate} Hz, ${bitrate(audio.bandwidth)}`]);
    rows.push(['Live for', span(now - session.connected)], ['From', session.remote], ['On node', channel.node || '']);
  }
  const parts = channel.partMillis ? `, parts of ${channel.partMillis} ms` : '';
  rows.push(['Segments', `${channel.fragCount} of ${channel.fragDuration} s, ${channel.container}${parts}`]);
  return rows;
}

/** What an operator has to know: media that is dropped, and a publisher that was refused. */
function warnings(channel) {
  const dropped = (channel.session?.dropped || []).map(({ media, reason }) => `${media === 'video' ? 'Video' : 'Audio'} is dropped: ${reason}.`);
  const { refused } = channel;
  return refused ? [...dropped, `Refused at ${new Date(refused.at).toLocaleTimeString()}, ${refused.remote}: ${refused.reason}`] : dropped;
}

function showWarnings(list, lines) {
  const wanted = JSON.stringify(lines);
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
}

function showNumbers(list, rows) {
  const wanted = JSON.stringify(rows);
  if (list.dataset.shown === wanted) return;
  list.dataset.shown = wanted;
  list.replaceChildren(...rows.flatMap(([name, value]) => {
    const term = document.createElement('dt');
    const data = document.createElement('dd');
    term.textContent = name;
    data.textContent = value;
    return [term, data];
  }));
}

function showCuts(body, cuts) {
  const wanted = JSON.stringify(cuts);
  if (body.dataset.shown === wanted) return;
  body.dataset.shown = wanted;
  body.replaceChildren(...cuts.map((cut) => {
    const row = document.createElement('tr');
    const cells = [
      cut.sequence,
      new Date(cut.wall).toLocaleTimeString(),
      (cut.ms / 1000).toFixed(3),
      `${Math.round(cut.bytes / 1024)} KiB`,
      `${(cut.gop / 1000).toFixed(2)} s`,
      cut.cause + (cut.disc ? ', behind a discontinuity' : ''),
    ];
    row.append(...cells.map((value) => Object.assign(document.createElement('td'), { textContent: value })));
    return row;
  }));
}

function show(channel, page, first) {
  const id = `${channel.bucket}/${channel.name}`;
  const known = cards.has(id);
  const card = cards.get(id) || makeCard(channel);
  cards.set(id, card);
  const { root } = card;
  card.playlist = channel.playlist;
  text(root, '.name', channel.name);
  text(root, '.state', channel.state);
  $(root, '.state').className = `state ${channel.state}`;
  text(root, '.description', channel.description);
  showWarnings($(root, '.warnings'), warnings(channel));
  showNumbers($(root, '.numbers'), numbers(channel, page.now));
  const rtmp = page.publicRtmp || location.hostname + (page.rtmpPort === 1935 ? '' : `:${page.rtmpPort}`);
  const slash = channel.publish.lastIndexOf('/');
  text(root, '.server', `rtmp://${rtmp}/${channel.publish.slice(0, slash)}`);
  text(root, '.key', channel.publish.slice(slash + 1));
  text(root, '.ffmpeg', `ffmpeg -re -i INPUT -c:v libx264 -preset veryfast -g 50 -c:a aac -f flv 'rtmp://${rtmp}/${channel.publish}'`);
  text(root, '.url', new URL(channel.playlist, location.href).href);
  $(root, '.signed').hidden = !page.signed;
  showCuts($(root, 'tbody'), channel.cuts);
  if (channel.snapshot && !card.playing) {
    if (card.image.getAttribute('src') !== channel.snapshot) card.image.src = channel.snapshot;
    card.image.hidden = false;
  }
  if (!known) $(document, '#channels').append(root);
  const live = channel.state === 'Live';
  card.video.controls = card.playing || false;
  card.button.hidden = card.playing || !channel.cuts.length;
  if (!live && card.playing && card.video.paused) stop(card);
  // The first live channel plays by itself, without sound.
  if (live && first && channel.cuts.length && !card.started) {
    card.started = true;
    play(card);
  }
}

async function refresh() {
  try {
    const response = await fetch('/-/channels.json');
    if (!response.ok) throw new Error(response.statusText);
    const page = await response.json();
    const live = page.channels.filter((channel) => channel.state === 'Live');
    const shown = new Set();
    for (const channel of page.channels) {
      shown.add(`${channel.bucket}/${channel.name}`);
      show(channel, page, channel === live[0]);
    }
    for (const [id, card] of cards) {
      if (shown.has(id)) continue;
      stop(card);
      card.root.remove();
      cards.delete(id);
    }
    text(document, '#summary', `${live.length} of ${page.channels.length}${page.more ? ' and more' : ''} channels live`);
    $(document, '#empty').hidden = page.channels.length > 0;
    text(document, '#first', `curl -X PUT '${location.origin}/live/ch-1?live' -d '<LiveChannelConfiguration><Target><Type>HLS</Type></Target></LiveChannelConfiguration>'\n`
      + `ffmpeg -re -i INPUT -c:v libx264 -g 50 -c:a aac -f flv rtmp://${location.hostname}:${page.rtmpPort}/live/ch-1`);
  } catch (error) {
    text(document, '#summary', 'the service does not answer');
  }
  setTimeout(refresh, 2000);
}

refresh();
